"""The eight stateful classes of BFCL's multi-turn tasks, imported by file from the pack.

The official package itself is never imported: its `__init__` chain takes seconds and its pins
break other software. The classes touch one module of constants, which is handed to them.
"""

from __future__ import annotations

import functools
import inspect
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from harness.faults import UserMistake

FILES: Mapping[str, str] = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
}
STATELESS = ("MathAPI",)
_FOLDER = ("bfcl_eval", "eval_checker", "multi_turn_eval", "func_source_code")
_CONSTANTS = "long_context"
_ATOMS = frozenset({str, int, float, bool, type(None)})


class OfficialClasses:
    """Load classes and build instances. `shared` holds the constants instances refer to."""

    def __init__(self, root: Path) -> None:
        self.folder = root.joinpath(*_FOLDER)
        self.modules: dict[str, ModuleType] = {}
        self.shared: dict[int, Any] = {}

    def load(self, name: str) -> type[Any]:
        """Return an official class; UserMistake where the pack lacks it."""
        if name not in FILES:
            raise UserMistake(f"BFCL has no class {name!r}: choose from {', '.join(FILES)}")
        found: type[Any] = getattr(self._module(FILES[name]), name)
        return found

    def build(self, name: str, config: Mapping[str, Any], *, long_context: bool) -> Any:
        """Return an instance in its initial state, to be cloned and never to be called."""
        instance = self.load(name)()
        if name not in STATELESS:
            instance._load_scenario(clone(dict(config), {}), long_context=long_context)
        return instance

    def _module(self, stem: str) -> ModuleType:
        if stem not in self.modules:
            if stem == _CONSTANTS:
                self.modules[stem] = self._execute(stem)
                self.shared |= _inner_containers(self.modules[stem])
            else:
                alias = ".".join((*_FOLDER, _CONSTANTS))
                with _Lent(alias, self._module(_CONSTANTS)):
                    self.modules[stem] = self._execute(stem)
        return self.modules[stem]

    def _execute(self, stem: str) -> ModuleType:
        path = self.folder / f"{stem}.py"
        module = ModuleType(f"bfcl_pack.{stem}")
        module.__file__ = str(path)
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
        except (OSError, ImportError, SyntaxError) as error:
            raise UserMistake(f"cannot load {path} of the BFCL pack: {error}") from error
        return module


class _Lent:
    """Lend a module to the import system under a foreign name for the time of a `with`."""

    def __init__(self, name: str, module: ModuleType) -> None:
        self.name = name
        self.module = module

    def __enter__(self) -> None:
        self.before = sys.modules.get(self.name)
        sys.modules[self.name] = self.module

    def __exit__(self, *_: object) -> None:
        if self.before is None:
            del sys.modules[self.name]
        else:
            sys.modules[self.name] = self.before


class Commons:
    """What the official instances of one process share by accident: constants and list defaults.

    The official checker runs the model's and the gold calls over shared constants (credit cards
    of the long-context tasks, default lists of `post_tweet`). Worlds with one Commons share them
    too; a fresh Commons shares nothing with anybody.
    """

    def __init__(self, shared: Mapping[int, Any]) -> None:
        self.shared = shared
        self.memo: dict[int, Any] = {}
        self.defaults: dict[FunctionType, dict[str, Any]] = {}

    def copy(self, template: Any) -> Any:
        """Return an independent copy of a template instance."""
        memo = {key: self._constant(key) for key in self.shared} if self.shared else {}
        return clone(template, memo)

    def default_arguments(self, function: FunctionType) -> dict[str, Any]:
        """Return the mutable default arguments of a method, the same objects every time."""
        if function not in self.defaults:
            self.defaults[function] = clone(mutable_defaults(function), {})
        return self.defaults[function]

    def touched(self) -> bool:
        """Say whether a call changed anything that another world could see."""
        return any(self.memo[key] != self.shared[key] for key in self.memo) or any(
            value != mutable_defaults(function)[name]
            for function, values in self.defaults.items()
            for name, value in values.items()
        )

    def _constant(self, key: int) -> Any:
        if key not in self.memo:
            self.memo[key] = clone(self.shared[key], {})
        return self.memo[key]


@functools.cache
def mutable_defaults(function: FunctionType) -> dict[str, Any]:
    """Return the default arguments of a function that its calls could change."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if isinstance(p.default, list | dict | set)}


def public_methods(cls: type[Any]) -> dict[str, FunctionType]:
    """Return the methods of a class that a call may name."""
    members = inspect.getmembers(cls, inspect.isfunction)
    return {name: method for name, method in members if not name.startswith("_")}


def clone(value: Any, memo: dict[int, Any]) -> Any:
    """Copy plain data and instances of the official classes, several times faster than deepcopy.

    Plain containers are trees in these classes; instances may refer to each other in circles.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if memo and id(value) in memo:
        return memo[id(value)]
    if kind is dict:
        return {k: v if type(v) in _ATOMS else clone(v, memo) for k, v in value.items()}
    if kind is list:
        return [v if type(v) in _ATOMS else clone(v, memo) for v in value]
    copier = _SPECIAL.get(kind)
    if copier is not None:
        return copier(value, memo)
    if not hasattr(value, "__dict__"):
        return value
    copy = memo[id(value)] = object.__new__(kind)
    for name, item in value.__dict__.items():
        copy.__dict__[name] = item if type(item) in _ATOMS else clone(item, memo)
    return copy


def _clone_random(value: random.Random, memo: dict[int, Any]) -> random.Random:
    copy = random.Random(0)
    copy.setstate(value.getstate())
    return copy


_SPECIAL: Mapping[type, Callable[[Any, dict[int, Any]], Any]] = {
    random.Random: _clone_random,
    set: lambda value, memo: {clone(v, memo) for v in value},
    tuple: lambda value, memo: tuple(clone(v, memo) for v in value),
}


def _inner_containers(module: ModuleType) -> dict[int, Any]:
    """Return the containers inside a module's constant dicts, by identity."""
    dicts = [value for value in vars(module).values() if type(value) is dict]
    return {id(v): v for table in dicts for v in table.values() if type(v) in (dict, list)}
