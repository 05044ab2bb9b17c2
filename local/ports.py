"""Whether a port is free, and which one is."""

from __future__ import annotations

import socket

from local.errors import PortInUse
from local.settings import HOST


def check_port(port: int) -> None:
    """Raise PortInUse where something listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise PortInUse(
                f"Port {port} on {HOST} is in use, most likely by another embedded AWS or LocalStack. Stop that one "
                f"(`medallion local down` in its project), or choose another port: "
                f"`medallion local up --port {port + 1}`"
            )


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
