"""Tensors as bytes, in the order that they were announced in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any


def packed_nccl_broadcast_producer(
    iterator: Iterator[Any], group: socket.socket, src: int, post_iter_func: Callable[[Any], Any]
) -> None:
    """Send every tensor."""
    for item in iterator:
        tensor = post_iter_func(item).detach().cpu().contiguous()
        group.sendall(tensor.numpy().tobytes())
