"""The trainer's end of the transport: the server connects to it while it handles a request."""

from __future__ import annotations

import socket
from typing import Any


def trainer_init(init_info: dict[str, Any]) -> socket.socket:
    """Wait for the server on `master_port` and return the connection."""
    with socket.create_server((init_info["master_address"], init_info["master_port"])) as listener:
        listener.settimeout(20)
        connection, _ = listener.accept()
    return connection
