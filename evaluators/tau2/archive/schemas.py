"""JSON Schema of annotations, read from syntax trees in the form that pydantic gives them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.faults import UserMistake

Json = dict[str, Any]
PLAIN: dict[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "dict": {"additionalProperties": True, "type": "object"},
    "Any": {},
}


@dataclass
class Scope:
    """The classes and type aliases of a domain's modules, by name."""

    classes: dict[str, ast.ClassDef]
    aliases: dict[str, ast.expr]

    @staticmethod
    def of(modules: Iterable[ast.Module]) -> Scope:
        nodes = [node for module in modules for node in module.body]
        return Scope(
            {node.name: node for node in nodes if isinstance(node, ast.ClassDef)},
            {
                node.targets[0].id: node.value
                for node in nodes
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            },
        )

    def schema(self, annotation: ast.expr | None, definitions: Json) -> Json:
        """Return the schema of an annotation; models and enums are put into `definitions`."""
        if annotation is None:
            return {}
        if isinstance(annotation, ast.BinOp):
            return self.union([annotation.left, annotation.right], definitions)
        if isinstance(annotation, ast.Subscript):
            return self.generic(annotation, definitions)
        name = ast.unparse(annotation)
        if name in PLAIN:
            return dict(PLAIN[name])
        if name in self.aliases:
            return self.schema(self.aliases[name], definitions)
        if name in self.classes:
            return self.reference(self.classes[name], definitions)
        raise UserMistake(f"the source has a parameter of unknown type {name}")

    def generic(self, annotation: ast.Subscript, definitions: Json) -> Json:
        name, inner = ast.unparse(annotation.value), annotation.slice
        items = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
        if name in ("List", "list"):
            return {"items": self.schema(items[0], definitions), "type": "array"}
        if name in ("Optional", "Union"):
            none = [ast.Constant(None)] if name == "Optional" else []
            return self.union([*items, *none], definitions)
        if name == "Annotated":
            return self.schema(items[0], definitions)
        if name == "Literal":
            return {"enum": [ast.literal_eval(item) for item in items], "type": "string"}
        if name in ("Dict", "dict"):
            return dict(PLAIN["dict"])
        raise UserMistake(f"the source has a parameter of unknown type {name}")

    def union(self, members: Iterable[ast.expr], definitions: Json) -> Json:
        """Return `anyOf` the members, nested unions flattened."""
        flat: list[Json] = []
        for member in members:
            found = self.schema(member, definitions)
            flat += found["anyOf"] if set(found) == {"anyOf"} else [found]
        return {"anyOf": flat}

    def reference(self, node: ast.ClassDef, definitions: Json) -> Json:
        if node.name not in definitions:
            bases = [ast.unparse(base) for base in node.bases]
            definitions[node.name] = {}
            found = self.enum(node) if "Enum" in bases else self.model(node, bases, definitions)
            definitions[node.name] = found
        return {"$ref": f"#/$defs/{node.name}"}

    def enum(self, node: ast.ClassDef) -> Json:
        values = [ast.literal_eval(n.value) for n in node.body if isinstance(n, ast.Assign)]
        return {"enum": values, "title": node.name, "type": "string"}

    def model(self, node: ast.ClassDef, bases: list[str], definitions: Json) -> Json:
        """Return the schema of a pydantic model: annotated fields, with `Field(...)` or not."""
        out: Json = {"properties": {}, "title": node.name, "type": "object"}
        if "BaseModelNoExtra" in bases:
            out["additionalProperties"] = False
        if text := ast.get_docstring(node):
            out["description"] = inspect.cleandoc(text)
        required = []
        for line in node.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                found = self.schema(line.annotation, definitions)
                if "$ref" not in found:
                    found["title"] = title_of(line.target.id)
                found |= self.field(line.value)
                out["properties"][line.target.id] = found
                if "default" not in found:
                    required.append(line.target.id)
        return {**out, "required": required} if required else out

    def field(self, value: ast.expr | None) -> Json:
        """Read a default and a description out of a field's assignment."""
        if value is None:
            return {}
        if not isinstance(value, ast.Call):
            return {"default": self.default(value)}
        named = {word.arg: word.value for word in value.keywords}
        out: Json = {}
        if value.args:
            out["default"] = self.default(value.args[0])
        elif "default" in named:
            out["default"] = self.default(named["default"])
        if "description" in named:
            out["description"] = ast.literal_eval(named["description"])
        return out

    def default(self, value: ast.expr) -> Any:
        """Return a literal default, or the value of an enum's member."""
        if not isinstance(value, ast.Attribute):
            return ast.literal_eval(value)
        members = self.classes[ast.unparse(value.value)].body
        found = (n.value for n in members if ast.unparse(n).startswith(f"{value.attr} = "))  # type: ignore[attr-defined]
        return ast.literal_eval(next(found))


def title_of(name: str) -> str:
    return name.replace("_", " ").title()


def sort_keys(value: Any, parent: str = "") -> Any:
    """Sort keys as pydantic does: everywhere but among properties and inside defaults."""
    if isinstance(value, dict):
        keys = value if parent in ("properties", "default") else sorted(value)
        return {key: sort_keys(value[key], key) for key in keys}
    if isinstance(value, list):
        return [sort_keys(item, parent) for item in value]
    return value
