"""Ports of this machine."""

import errno
import socket
from collections.abc import Iterator


def problems(key: str, address: str, port: int, *, address_key: str) -> Iterator[str]:
    """
    Why *port* cannot be listened on at *address*, each as `key: sentence.`, under the key that is to be changed.

    A port below 1024, as 443, is left to Docker, which may have it, where whoever runs this may not even try.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            # As Docker's own proxy does: a port in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EACCES:
            return
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            yield f"{address_key}: {address} is no address of this machine. `ip address` shows those it has."
        else:
            yield f"{key}: {port} is taken by another program (`ss -ltnp 'sport = :{port}'` shows it). Choose another."
