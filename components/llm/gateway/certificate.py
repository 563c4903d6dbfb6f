"""Whether the certificate files that a stack names would do, before the gateway is given them."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from components.llm.gateway.document import Tls
from components.llm.gguf import locate

_BYTES = 64 * 1024


def problems(tls: Tls | None) -> Iterator[str]:
    """What is wrong with the files of *tls*, as `key: sentence.`; nothing for a certificate from elsewhere."""
    if tls is None or tls.certificate is None or tls.key is None:
        return
    certificate, key = locate(tls.certificate), locate(tls.key)
    if unreadable := [*_unread("certificate", certificate), *_unread("key", key)]:
        yield from unreadable
        return
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        yield (
            f"tls.key: {key} and {certificate} are no pair: {error.reason or 'not PEM'}."
            " Write the PEM files of one certificate, the key without a password."
        )
        return
    if reason := _why_not_for(tls.hostname, server, certificate):
        yield (
            f"tls.certificate: {certificate} will not do for {tls.hostname}: {reason}."
            f" Look at it: `openssl x509 -noout -text -in {quote(str(certificate))}`."
        )


def _unread(name: str, path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        yield f"tls.{name}: {path} cannot be read: {error.strerror}. Try `ls -l {quote(str(path))}`."


def _why_not_for(hostname: str, server: ssl.SSLContext, certificate: Path) -> str | None:
    """Shake hands in memory with a client that trusts this very certificate: what is left are its dates and names."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(to_client, to_server, server_hostname=hostname),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for side in (sides[0], sides[1], sides[0]):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_message.rstrip(".")
        except ssl.SSLError as error:
            return str(error.reason)
    return None
