"""What a check says is wrong, with the kind of wrong it is."""

from __future__ import annotations


class Problem(str):
    """What is wrong with a product. `mode` names the kind: one of the paper's four failure modes
    where it shows in executions."""

    mode: str

    def __new__(cls, text: str, mode: str) -> Problem:
        made = super().__new__(cls, text)
        made.mode = mode
        return made
