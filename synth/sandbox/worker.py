"""The inside of the sandbox: load classes written elsewhere, answer calls, nothing more.

A source defines one class with `info` and `invoke`, in one of two forms:

    one tool           info() -> {name, parameters, …}      invoke(**arguments)
    an environment     info() -> [{name, parameters, …}]    invoke(tool, arguments)

Its constructor takes the state (a dict of JSON values, shared by all classes) or nothing. A call
is refused by `raise ToolError(text)`; whatever a refused or crashed call changed is put back.
"""

from __future__ import annotations

import builtins
import inspect
import json
import marshal
import os
import random
import re
import struct
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from synth.sandbox.layers import CHANNEL, apply_kernel_layers, keep_only, set_tripwire, trials

FRAME = 1_000_000
HEAD = struct.Struct("<I")
OFFERED = frozenset(
    re.findall(
        r"\S+",
        """__future__ abc array base64 binascii bisect calendar cmath collections collections.abc
        copy dataclasses datetime decimal difflib enum fractions functools hashlib heapq itertools
        json math numbers operator random re statistics string textwrap types typing unicodedata
        uuid""",
    )
)
WITHHELD = ("open", "input", "breakpoint", "help", "exit", "quit")


class ToolError(Exception):
    """What a tool raises to refuse a call."""


class Tools:
    """The loaded classes over one shared state."""

    def __init__(self) -> None:
        self.classes: list[type] = []
        self.state: dict[str, Any] = {}
        self.owners: dict[str, Any] = {}
        self.single: set[str] = set()
        self.kept = b""

    def load(self, sources: Mapping[str, str], state: dict[str, Any]) -> list[Any]:
        """Run the sources and build their classes; return every tool's own description."""
        random.seed(0)
        self.state = state
        self.classes = [class_of(name, source) for name, source in sources.items()]
        said = self.build()
        self.kept = marshal.dumps(state, 2)
        return said

    def build(self) -> list[Any]:
        """Make fresh instances over the state as it is."""
        self.owners, self.single, said = {}, set(), []
        for cls in self.classes:
            owner = cls(self.state) if takes_state(cls) else cls()
            info = owner.info()
            for entry in [info] if isinstance(info, dict) else list(info):
                said.append(entry)
                self.owners[entry["name"]] = owner
                if isinstance(info, dict):
                    self.single.add(entry["name"])
        return said

    def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run one call; a failure leaves the state as it was."""
        try:
            owner = self.owners[tool]
            one = tool in self.single
            result = owner.invoke(**arguments) if one else owner.invoke(tool, arguments)
            if isinstance(result, dict) and list(result) == ["error"]:
                raise ToolError(str(result["error"]))
            reply = {"ok": json.dumps(result)}
            self.kept = marshal.dumps(self.state, 2)
            return reply
        except ToolError as refusal:
            self.restore()
            return {"refused": str(refusal)}
        except BaseException as error:
            self.restore()
            return {"crashed": told(error)}

    def restore(self) -> None:
        """Put the state back, in place, unless it is untouched; `kept` is its last good form."""
        try:
            if marshal.dumps(self.state, 2) == self.kept:
                return
        except ValueError:
            pass
        self.state.clear()
        self.state.update(marshal.loads(self.kept))
        self.build()


def takes_state(cls: type) -> bool:
    return len(inspect.signature(cls).parameters) > 0


def class_of(name: str, source: str) -> type:
    """Run a source as a module of its own and return its one class that has `invoke`."""
    module = ModuleType(f"tool_{name}")
    vars(module)["__builtins__"] = offered_builtins()
    vars(module)["ToolError"] = ToolError
    sys.modules[module.__name__] = module
    exec(compile(source, f"<{name}>", "exec", dont_inherit=True), vars(module))
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and callable(getattr(value, "invoke", None))
    ]
    if len(found) != 1:
        raise TypeError(f"{name}: one class with invoke and info is wanted, not {len(found)}")
    return found[0]


def offered_builtins() -> dict[str, Any]:
    """Return builtins without files and consoles, whose import knows what is offered."""
    own = {k: v for k, v in vars(builtins).items() if k not in WITHHELD}
    load = builtins.__import__

    def bring(name: str, *rest: Any) -> Any:
        if name not in OFFERED:
            raise ImportError(f"the module {name} is not available here")
        return load(name, *rest)

    own["__import__"] = bring
    return own


def told(error: BaseException) -> str:
    """Say what went wrong and on which line of which source."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<") and not name.startswith("<frozen"):
            where = f" at line {trace.tb_lineno} of {name}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}{where}"[:2_000]


def run(channel: int, options: Mapping[str, Any]) -> None:
    """Become a worker: lock the doors, say which held, answer until the channel closes."""
    keep_only(channel)
    sys.stdout = sys.stderr = Nowhere()
    sys.path.clear()
    sys.path_importer_cache.clear()
    sys.meta_path[:] = sys.meta_path[:2]
    os.environ.clear()
    without = options["without"]
    held = apply_kernel_layers(options["memory_mb"], options["cpu_s"], without)
    held["refuses"] = trials() if options["probe"] else {}
    held["tripwire"] = "tripwire" not in without
    if held["tripwire"]:
        set_tripwire(lambda event: write({"tripped": event}))
    write({"hello": held})
    answer(Tools())


class Nowhere:
    """A stream that swallows what is printed."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None


def answer(tools: Tools) -> None:
    """Serve requests: load, calls, state. Each reply carries the number of its request."""
    while True:
        request = read()
        number = request["n"]
        try:
            if "calls" in request:
                reply: Any = [tools.call(tool, arguments) for tool, arguments in request["calls"]]
            elif "load" in request:
                reply = {"ok": tools.load(request["load"], request["state"])}
            else:
                reply = {"ok": json.dumps(tools.state, sort_keys=True)}
        except BaseException as error:
            reply = {"crashed": told(error)}
        write({"n": number, "reply": reply})


def read() -> Any:
    """Read one frame; a closed channel ends the process."""
    size = HEAD.unpack(take(HEAD.size))[0]
    return json.loads(take(size))


def take(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(CHANNEL, size)
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write(reply: dict[str, Any]) -> None:
    """Write one frame; a reply that is too large or no JSON becomes a note that says so."""
    try:
        body = json.dumps(reply).encode()
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        body = json.dumps({"n": reply.get("n"), "reply": {"crashed": told(error)}}).encode()
    if len(body) > FRAME:
        note = {"crashed": f"the reply has {len(body):,} bytes; {FRAME:,} are allowed"}
        body = json.dumps({"n": reply.get("n"), "reply": note}).encode()
    data = HEAD.pack(len(body)) + body
    while data:
        data = data[os.write(CHANNEL, data) :]
