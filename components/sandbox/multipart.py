"""Multipart forms, read with the standard library: Starlette's reader needs a package that nothing else here uses."""

from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP

from components.sandbox.calls import Call, bad_request


@dataclass(frozen=True)
class Part:
    """One field of a form; `filename` is empty for plain text fields."""

    content: bytes
    filename: str

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def form(call: Call) -> dict[str, Part]:
    """
    Fields of a multipart/form-data body by name, the last of each name.

    Raises:
        RefusedError: not multipart/form-data, or not well formed.
    """
    if not call.content_type.lower().startswith("multipart/form-data"):
        raise bad_request("not multipart/form-data")
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    if not message.is_multipart() or message.defects:
        raise bad_request("not well-formed multipart/form-data")
    parts = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = Part(content, part.get_filename() or "")
    return parts
