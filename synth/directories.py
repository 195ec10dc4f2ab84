"""What is at hand in a directory of a world, and names that are not taken there yet."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from synth.scratch import Scratch
from synth.templates.file_paths import CWD, TABLE
from synth.values import PHRASES

FOLDERS = """photos drafts receipts backup 2026 projects travel music school clients taxes templates
notes shared scans reviews""".split()
STEMS = """minutes shopping packing budget_draft ideas contacts schedule checklist speech results
questions inventory guests itinerary feedback""".split()
ENDINGS = ("txt", "md", "csv")


@dataclass(frozen=True)
class Entry:
    """What a directory holds under a name; `content` of a file, None of a directory."""

    name: str
    content: str | None

    @property
    def is_file(self) -> bool:
        return self.content is not None

    @property
    def lines(self) -> list[str]:
        return [line for line in (self.content or "").split("\n") if line.strip()]


@dataclass
class Drawer:
    """Chooses names and texts in the current directory of a scratch world.

    `made` are names that earlier calls made or brought about: these go before others.
    """

    scratch: Scratch
    rng: random.Random
    made: Collection[str] = ()

    def value(self, command: str, role: str, given: Sequence[Any]) -> Any:
        """Choose one argument; `given` are those chosen before it."""
        if role in ("new folder", "new file"):
            return self.new_name(file=role == "new file")
        if role == "folder":
            is_fit = self.is_empty if command == "rmdir" else self.any_entry
            return self.folder(is_fit)
        if role == "target":
            return self.target(given[0])
        if role == "text":
            return self.rng.choice([*PHRASES["content"], *PHRASES["message"], *PHRASES["note"]])
        if role == "part":
            return self.part()
        if role in ("word", "lines"):
            content = next(e for e in self.entries() if e.name == given[0])
            return self.word(content) if role == "word" else self.number(content)
        return self.file(command)

    def entries(self, below: str = "") -> list[Entry]:
        """Return what lies in the current directory, or in one of its directories."""
        ((here,),) = self.scratch.world.own(f"select {CWD} from state")
        place = f"{here}/{below}" if below else here
        sql = f"select name, content, kind from {TABLE} where parent = ? order by rowid"
        rows = self.scratch.world.own(sql, (place,))
        return [Entry(n, (content or "") if kind == "file" else None) for n, content, kind in rows]

    def choose(self, entries: Sequence[Entry]) -> str | None:
        """Choose a name: of what was made before, else any."""
        near = [entry for entry in entries if entry.name in self.made]
        options = near or entries
        return self.rng.choice(options).name if options else None

    def file(self, command: str) -> str | None:
        files = [e for e in self.entries() if e.is_file]
        if command in ("read", "sort", "grep", "tail", "head", "count"):
            files = [e for e in files if len(e.lines) > (command == "sort")]
        if command == "write" and (not files or self.rng.random() < 0.5) and not self.made:
            return self.new_name(file=True)
        return self.choose(files)

    def folder(self, is_fit: Any) -> str | None:
        return self.choose([e for e in self.entries() if not e.is_file and is_fit(e)])

    def is_empty(self, entry: Entry) -> bool:
        return not self.entries(entry.name)

    def any_entry(self, entry: Entry) -> bool:
        return True

    def target(self, source: str) -> str | None:
        """Choose where something goes: into a folder that is there, or to a new name."""
        folders = [e for e in self.entries() if not e.is_file and e.name != source]
        wanted = [e for e in folders if e.name in self.made]
        if wanted or (folders and self.rng.random() < 0.5):
            return self.rng.choice(wanted or folders).name
        ending = source.rpartition(".")[2] if "." in source else ""
        return self.new_name(file=bool(ending), ending=ending)

    def new_name(self, *, file: bool, ending: str = "") -> str | None:
        taken = {entry.name for entry in self.entries()}
        names = [f"{stem}.{ending or self.rng.choice(ENDINGS)}" for stem in STEMS]
        free = [name for name in (names if file else FOLDERS) if name not in taken]
        return self.rng.choice(free) if free else None

    def part(self) -> str | None:
        """Choose what to search the tree for: a name that lies somewhere below."""
        ((here,),) = self.scratch.world.own(f"select {CWD} from state")
        sql = f"select name from {TABLE} where substr(path, 1, length(?) + 1) = ? || '/'"
        names = [name for (name,) in self.scratch.world.own(f"{sql} order by rowid", (here, here))]
        parts = [name.partition(".")[0] for name in names] + [
            f".{name.rpartition('.')[2]}" for name in names if "." in name
        ]
        return self.rng.choice(parts) if parts else None

    def word(self, entry: Entry) -> str | None:
        words = [word for line in entry.lines for word in re.findall(r"[A-Za-z]{4,}", line)]
        return self.rng.choice(words) if words else None

    def number(self, entry: Entry) -> int | None:
        count = len(entry.lines)
        return self.rng.randint(2, count - 1) if count > 2 else None
