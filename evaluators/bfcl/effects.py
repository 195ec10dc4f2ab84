"""Which tools of BFCL's stateful classes change something, read off the official source.

A method writes when it assigns to, deletes from, or calls a mutating method of something that hangs
on `self`, or calls another method that does. Local names that hold a part of `self` count as it;
what a class only remembers of its answers (a private cache or lookup) does not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from evaluators.bfcl.classes import FILES
from harness.faults import UserMistake

_MUTATORS = frozenset(
    ["add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse",
     "setdefault", "sort", "update"]
)  # fmt: skip
_MEMORY = re.compile(r"^_.*(?:cache|lookup)")
_LOGIN = re.compile(r"(?:^|_)(?:log_?in|authenticate)(?:_|$)(?!status)")


def is_login(name: str) -> bool:
    """Say whether a tool authenticates, by its name."""
    return _LOGIN.search(name) is not None and "status" not in name


@lru_cache(maxsize=8)
def effects(root: Path) -> Mapping[str, bool]:
    """Return {tool: writes} of all eight classes of a pack; raises UserMistake without source."""
    folder = root / "bfcl_eval" / "eval_checker" / "multi_turn_eval" / "func_source_code"
    found: dict[str, bool] = {}
    for name, stem in FILES.items():
        path = folder / f"{stem}.py"
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError) as error:
            raise UserMistake(f"cannot read {path} of the BFCL pack: {error}") from error
        found |= class_effects(tree, name)
    return found


def class_effects(module: ast.Module, name: str) -> dict[str, bool]:
    """Return {method: writes} of a class, callees included; helpers' methods count too."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    methods = {
        node.name: node
        for owner in sorted(classes, key=lambda c: c.name == name)
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    }
    writes = {method: writes_itself(node) for method, node in methods.items()}
    calls = {method: set(callees(node)) & methods.keys() for method, node in methods.items()}
    while grown := [m for m in methods if not writes[m] and any(writes[c] for c in calls[m])]:
        writes.update(dict.fromkeys(grown, True))
    own = next((c for c in classes if c.name == name), None)
    body = own.body if own else []
    public = [n.name for n in body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    return {method: writes[method] for method in public}


def callees(method: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def writes_itself(method: ast.FunctionDef) -> bool:
    """Say whether a method changes `self` or a part of it with its own hands."""
    if method.name == "__init__":
        return False
    parts = names_of_parts(method)
    for node in ast.walk(method):
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        else:
            targets = []
        if any(not isinstance(t, ast.Name) and belongs(t, parts) for t in targets):
            return True
        if is_mutation(node, parts):
            return True
    return False


def is_mutation(node: ast.AST, parts: set[str]) -> bool:
    """Say whether a node calls a mutating method of a part (`self.x.append`, `part.update`)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    own_method = isinstance(owner, ast.Name) and owner.id == "self"
    return node.func.attr in _MUTATORS and not own_method and root_of(owner) in parts


def names_of_parts(method: ast.FunctionDef) -> set[str]:
    """Collect `self` and the local names that are bound to a part of it (not to a copy)."""
    parts = {"self"}
    for _ in range(3):
        for node in ast.walk(method):
            pairs: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.For):
                pairs = [(node.target, node.iter)]
            for target, value in pairs:
                if is_part(value, parts) and isinstance(target, ast.Name | ast.Tuple):
                    parts |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return parts


def is_part(value: ast.expr, parts: set[str]) -> bool:
    """Say whether an expression yields something that still belongs to `self`."""
    if isinstance(value, ast.Call):
        if not isinstance(value.func, ast.Attribute) or root_of(value.func) not in parts:
            return False
        helper = value.func.attr.startswith("_") and isinstance(value.func.value, ast.Name)
        return helper or value.func.attr in ("get", "values", "items", "setdefault")
    if isinstance(value, ast.Attribute | ast.Subscript):
        return root_of(value) in parts
    return isinstance(value, ast.Name) and value.id in parts - {"self"}


def belongs(target: ast.expr, parts: set[str]) -> bool:
    """Say whether a target is a part that matters."""
    chain = (node.attr for node in ast.walk(target) if isinstance(node, ast.Attribute))
    return root_of(target) in parts and not any(_MEMORY.search(name) for name in chain)


def root_of(node: ast.AST) -> str:
    """Return the name that an attribute or subscript chain begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
