"""The inside of the sandbox: run classes written elsewhere, answer calls, nothing more.

A source defines one class for one tool:

    info()                 {"name": the tool's name, "parameters": …}
    invoke(**arguments)    a JSON value; refused by `raise ToolError(text)`

Its constructor takes the state (JSON values, shared by all tools) or nothing. A call is a function
of the state that comes with it and its arguments: the source is run afresh, and whatever it keeps
elsewhere is gone afterwards.
"""

from __future__ import annotations

import builtins
import inspect
import json
import os
import random
import re
import struct
import sys
from collections.abc import Mapping
from types import CodeType, ModuleType
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
    """The sources of a world, compiled."""

    def __init__(self) -> None:
        self.sources: dict[str, CodeType] = {}

    def load(self, sources: Mapping[str, str], state: dict[str, Any]) -> None:
        """Compile the sources and see that each offers its tool."""
        for name, text in sources.items():
            code = compile(text, f"<{name}>", "exec", dont_inherit=True)
            told_name = built(name, code, state).info()["name"]
            if told_name != name:
                raise TypeError(f"info names the tool {told_name!r}, not {name!r}")
            self.sources[name] = code

    def call(self, tool: str, arguments: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        """Run one call: its result, and the state where it changed; or why there is none."""
        try:
            before = json.dumps(state)
            random.seed(0)
            result = built(tool, self.sources[tool], state).invoke(**arguments)
            if isinstance(result, dict) and list(result) == ["error"]:
                raise ToolError(str(result["error"]))
            same = json.dumps(state) == before
            return {"ok": json.dumps(result, allow_nan=False), "state": None if same else state}
        except ToolError as refusal:
            return {"refused": str(refusal)}
        except BaseException as error:
            return {"crashed": told(error)}


def built(name: str, code: CodeType, state: dict[str, Any]) -> Any:
    """Run a source and make its class over a state."""
    cls = class_of(name, code)
    return cls(state) if takes_state(cls) else cls()


def takes_state(cls: type) -> bool:
    return len(inspect.signature(cls).parameters) > 0


def class_of(name: str, code: CodeType) -> type:
    """Run a source as a module of its own and return its one class that has `invoke`."""
    module = ModuleType(f"tool_{name}")
    vars(module)["__builtins__"] = offered_builtins()
    vars(module)["ToolError"] = ToolError
    sys.modules[module.__name__] = module
    exec(code, vars(module))
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
    for names in (sys.argv, sys.orig_argv, sys.path):
        names.clear()
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
    """Serve requests: load, then calls. Each reply carries the number of its request."""
    while True:
        request = read()
        number = request["n"]
        try:
            if "tool" in request:
                reply = tools.call(request["tool"], request["arguments"], request["state"])
            else:
                tools.load(request["load"], request["state"])
                reply = {"ok": "null", "state": None}
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
