"""Tasks that are made when they are asked for, and kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from harness.types import Task


class MadeTasks(Sequence[Task]):
    """`size` tasks; `make(index)` makes one. What a task is depends on its place alone."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.made: dict[int, Task] = {}

    @abstractmethod
    def make(self, index: int) -> Task: ...

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Task]: ...
    def __getitem__(self, index: int | slice) -> Task | Sequence[Task]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self.made:
            self.made[index] = self.make(index)
        return self.made[index]
