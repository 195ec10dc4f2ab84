"""Java and JavaScript calls with named arguments -> calls whose values are source literals.

Only the first call of a text counts. The official decoder's oddities are kept: it cuts Java text
at byte offsets (so what follows a non-ASCII character is shifted), joins the parts of most Java
expressions without blanks, and drops the body of an anonymous class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_QUOTED = ("string_literal", "character_literal")
_VERBATIM = ("identifier", "class_literal", "type_identifier", "method_invocation")


def parse_java(source: str) -> list[dict[str, Any]] | None:
    """Return the first call in Java source, None where there is none.

    Raises SyntaxError, ValueError, AttributeError, LookupError or RecursionError.
    """
    root = _tree("java", source)
    call = next((node for node in _walk(root) if node.type == "method_invocation"), None)
    if call is None:
        return None
    name, target = (
        _cut(call.child_by_field_name("name"), source),
        call.child_by_field_name("object"),
    )
    arguments = (
        (_cut(node.children[0], source), _java_value(node.children[2], source))
        if node.type == "assignment_expression"
        else (None, _cut(node, source))
        for node in _present(call.child_by_field_name("arguments")).children
        if node.type in ("assignment_expression", "identifier", "class_literal")
    )
    return [{f"{_cut(target, source)}.{name}" if target else name: _once(arguments)}]


def parse_javascript(source: str) -> list[dict[str, Any]] | None:
    """Return the first call that is a statement of its own, None where there is none.

    Raises SyntaxError, ValueError, AttributeError or LookupError.
    """
    statements = _tree("javascript", source).children
    parts = (p for s in statements if s.type == "expression_statement" for p in s.children)
    call = next((part for part in parts if part.type == "call_expression"), None)
    if call is None:
        return None
    arguments = (
        (_text(node.children[0]), _unquoted(_text(node.children[2])))
        if node.type == "assignment_expression"
        else (None, _text(node))
        for node in call.children[1].children
        if node.type in ("assignment_expression", "identifier", "true")
    )
    return [{_text(call.children[0]): _once(arguments)}]


@cache
def _parser(language: Literal["java", "javascript"]) -> Parser:
    import tree_sitter
    import tree_sitter_java
    import tree_sitter_javascript

    grammar = tree_sitter_java if language == "java" else tree_sitter_javascript
    return tree_sitter.Parser(tree_sitter.Language(grammar.language()))


def _tree(language: Literal["java", "javascript"], source: str) -> Node:
    """Parse; SyntaxError where the parser had to skip something (a missing token is forgiven)."""
    root = _parser(language).parse(source.encode()).root_node
    if root.has_error and any(node.type == "ERROR" for node in _walk(root)):
        raise SyntaxError(f"not {language} source")
    return root


def _walk(root: Node) -> Iterator[Node]:
    """Yield the nodes in source order, parents first; trees may be deeper than Python's stack."""
    left = [root]
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(node.children))


def _once(arguments: Iterable[tuple[str | None, str]]) -> dict[str | None, str]:
    """Collect named arguments (None: unnamed); ValueError where a name comes twice."""
    collected: dict[str | None, str] = {}
    for name, value in arguments:
        if name in collected:
            raise ValueError(f"argument {name!r} is given twice")
        collected[name] = value
    return collected


def _present(node: Node | None) -> Node:
    if node is None:
        raise LookupError("a part of the expression is missing")
    return node


def _cut(node: Node | None, source: str) -> str:
    """Cut a node out of the text by its byte offsets, as the official decoder does."""
    node = _present(node)
    return source[node.start_byte : node.end_byte]


def _java_value(node: Node, source: str) -> str:
    text = _java_text(node, source)
    return text[1:-1] if node.type in _QUOTED else text


def _java_text(node: Node | None, source: str) -> str:
    """Write an expression the way the golds are written."""
    node = _present(node)
    if node.type in _QUOTED or node.type in _VERBATIM:
        return _cut(node, source)
    if node.type in ("array_creation_expression", "object_creation_expression"):
        kind = _java_text(node.child_by_field_name("type"), source)
        if node.type == "array_creation_expression":
            return f"new {kind}[]{_java_text(node.child_by_field_name('value'), source)}"
        arguments = node.child_by_field_name("arguments")
        parts = arguments.children if arguments else []
        return f"new {kind}({', '.join(_java_texts(parts, source))})"
    if not node.children:
        return _cut(node, source)
    return "".join(_java_text(child, source) for child in node.children)


def _java_texts(nodes: Iterable[Node], source: str) -> list[str]:
    return [_java_text(node, source) for node in nodes if node.type not in (",", "(", ")")]


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _unquoted(text: str) -> str:
    is_quoted = any(text.startswith(mark) and text.endswith(mark) for mark in "\"'")
    return text[1:-1] if is_quoted else text
