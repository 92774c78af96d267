"""Where to listen is asked before anything is made: the answer should not take a minute."""

import socket

from gateway.web.http.options import ListenAddress


def refuse_taken_address(listen: ListenAddress) -> None:
    """Raises OSError if somebody listens there, also another gateway of the same user: its
    processes would share their port with ours, unnoticed.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            listen.host or None, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {listen}: {error.strerror}") from error
