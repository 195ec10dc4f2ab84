"""Trees of directories and files in a state, as rows under paths and back."""

from __future__ import annotations

from typing import Any

from synth.fidelity.links import Link, Loaded
from synth.templates.file_paths import CWD
from synth.templates.file_paths import TABLE as NODE
from synth.world import SqlWorld


def load_tree(loaded: Loaded, rest: dict[str, Any]) -> Link | None:
    """Take the first field that is a directory: {"directory": name, "contents": {…}}."""
    for name, value in rest.items():
        if isinstance(value, dict) and "contents" in value:
            root = f"/{value.get('directory', name)}"
            walk(loaded, value, root, "")
            loaded.state[CWD] = root
            rest.pop(name)
            return Link(name, "tree", rest=root)
    return None


def walk(loaded: Loaded, node: dict[str, Any], path: str, parent: str) -> None:
    """Add a node and what is below it, each directory before its contents."""
    is_directory = "contents" in node
    loaded.rows[NODE].append(
        {
            "path": path,
            "parent": parent,
            "name": path.rsplit("/", 1)[1],
            "kind": "directory" if is_directory else "file",
            "content": None if is_directory else node.get("content", ""),
        }
    )
    for name, inner in node.get("contents", {}).items():
        walk(loaded, inner, f"{path}/{name}", path)


def render_tree(world: SqlWorld, root: str) -> dict[str, Any]:
    """Return the tree below a path in the official form."""
    nodes: dict[str, dict[str, Any]] = {}
    rows = world.own("select path, parent, name, kind, content from node order by path")
    for path, parent, name, kind, content in rows:
        if kind == "directory":
            nodes[path] = {"directory": name, "contents": {}}
        else:
            nodes[path] = {"file": name, "content": content}
        if parent in nodes:
            nodes[parent]["contents"][name] = nodes[path]
    return nodes.get(root, {})
