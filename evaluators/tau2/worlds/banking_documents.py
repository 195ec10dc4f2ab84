"""The bank's knowledge base: its documents, the tool that searches them, and the policy."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

from evaluators.tau2.pack import read_json, read_text
from evaluators.tau2.worlds import banking_desk
from evaluators.tau2.worlds.banking_texts import Texts
from evaluators.tau2.worlds.store import Json, Store
from evaluators.tau2.worlds.toolkit import tool

SHOWN = 10


class Documents:
    """The documents by id, read when first asked for.

    They are in the order of their file names; officially in the order of the file system, which
    decides between documents with equally many matches.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def all(self) -> dict[str, Json]:
        documents = [read_json(path) for path in sorted(self.folder.glob("*.json"))]
        return {document["id"]: document for document in documents}

    def grep(self, pattern: str) -> list[tuple[Json, int]]:
        """Find documents by regular expression (or plain text if it is none), best first."""
        if not pattern.strip():
            return []
        expression = compiled(pattern)
        counts = ((d, len(expression.findall(d["content"]))) for d in self.all.values())
        found = [(document, count) for document, count in counts if count]
        found.sort(key=lambda entry: entry[1], reverse=True)
        return found[:SHOWN]

    def text(self) -> str:
        """Write all documents as one text."""
        parts = (f"## {d['title']}\n\n{d['content']}" for d in self.all.values())
        return "\n\n---\n\n".join(parts)


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile what a model wrote: as it is where it is no expression, doubts kept quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, re.IGNORECASE)
        except re.error:
            return re.compile(re.escape(pattern), re.IGNORECASE)


class GrepMixin:
    """Search in the knowledge base, mixed into the agent's toolkit."""

    documents: Documents

    @tool("read")
    def grep(self, pattern: str) -> str:
        found = self.documents.grep(pattern)
        if not found:
            return f"No matches found for pattern: {pattern}"
        return "\n".join(
            f"{number}. {document['title'] or 'Untitled'}\n"
            f"   ID: {document['id']}\n"
            f"   Score: {float(count):.4f}\n"
            f"   Content: {document['content']}\n"
            for number, (document, count) in enumerate(found, 1)
        )


class KnowledgeTools(GrepMixin, banking_desk.KnowledgeTools):
    """The desk with `grep`. It keeps the official name, which errors show."""

    def __init__(
        self, store: Store, logged_reads: Collection[str], texts: Texts, documents: Documents
    ) -> None:
        super().__init__(store, logged_reads, texts)
        self.documents = documents


SearchingTools = KnowledgeTools


def policy_text(folder: Path, variant: str, documents: Documents) -> str:
    """Fill the prompt template of a retrieval variant with its parts."""
    text = read_text(folder / f"{variant}.md")
    for name in re.findall(r"\{\{component:(\w+)\}\}", text):
        part = read_text(folder / "components" / f"{name}.md")
        text = text.replace(f"{{{{component:{name}}}}}", part)
    if "{{full_knowledge_base}}" in text:
        text = text.replace("{{full_knowledge_base}}", documents.text())
    return text
