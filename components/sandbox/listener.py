"""The socket of the sandbox."""

import socket


class PortTakenError(Exception):
    """The wanted port cannot be listened on; the message says what to do."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"The TruGen sandbox cannot listen on 127.0.0.1:{port}: {reason}.\n"
            f"See who has the port with `ss -ltnp 'sport = :{port}'`, or set another sandbox port in the stack file "
            "and run `pulumi up --refresh=false`."
        )


def listening(port: int) -> socket.socket:
    """
    Socket at 127.0.0.1 only: the sandbox holds real LLM tokens and has one key for everything. Port 0 is a free one.

    Raises:
        PortTakenError: somebody else listens there, or it is a privileged port.
    """
    # Named IPPROTO_TCP, or asyncio leaves Nagle's algorithm on and every answer takes 44 ms instead of 1 (measured).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A port whose last connections are still closing counts as free.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortTakenError(port, error.strerror or str(error)) from None
    return listener
