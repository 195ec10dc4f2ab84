"""Policy text -> guards: rules that say in which status an entity may be changed.

Recognised: "An order can only be cancelled if its status is 'pending'", "Only active lines can
be suspended", "must (not) be … before". Everything else stays text for the agent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from synth.environments import World
from synth.model import Table, literal
from synth.package_files import AnyProgram
from synth.reading import Reading
from synth.rows import quote
from synth.statuses import REQUIRED
from synth.templates.drafts import require
from synth.templates.fields import key_parameter
from synth.vocabulary import singular, stem, tokens

RULES = (
    re.compile(
        r"\b(?:an?|the|all)?\s*(?P<noun>[a-z]+) (?:can|may|must) (?:only )?be (?:only )?"
        r"(?P<verb>[a-z]+)(?: only)? (?:if|when|while) (?:its|the) (?:\w+ )?status is "
        r"['\"]?(?P<status>[A-Za-z_ ]+?)['\"]?(?:[,.;\n]| and )",
        re.I,
    ),
    re.compile(r"\bonly (?P<status>[a-z]+) (?P<noun>[a-z]+) (?:can|may) be (?P<verb>[a-z]+)", re.I),
)
SYNONYMS = {"modif": ("modify", "update", "edit", "change"), "cancel": ("cancel",)}


@dataclass(frozen=True)
class Rule:
    """An entity may be changed in one way only in one status, or in one of several (`|`)."""

    noun: str
    verb: str
    status: str
    text: str

    @property
    def statuses(self) -> list[str]:
        return [status.strip() for status in self.status.split("|")]


def read_policy(text: str) -> list[Rule]:
    """Return the rules that are recognised, in order, each once."""
    found: dict[tuple[str, str, str], Rule] = {}
    for pattern in RULES:
        for match in pattern.finditer(text):
            noun = singular(match["noun"].lower())
            rule = Rule(noun, match["verb"].lower(), match["status"].strip(), match[0].strip())
            found.setdefault((rule.noun, rule.verb, rule.status), rule)
    return list(found.values())


def apply_policy(world: World) -> World:
    """Put the recognised rules into programs as guards; the rest of the policy stays text."""
    rules = read_policy(world.domain.policy)
    programs = dict(world.programs)
    applied = []
    for reading in world.readings:
        table = world.model.tables.get(reading.subject)
        if table is None or reading.name not in programs:
            continue
        for rule in (*rules, *own_rules(reading)):
            if rule.noun == table.name and means(reading, rule):
                guarded = with_rule(programs[reading.name], rule, reading, table)
                if guarded is not None:
                    programs[reading.name] = guarded
                    applied.append(f"{reading.name}: {rule.text}")
    notes = {**world.notes, "policy_guards": applied}
    return replace(world, programs=programs, notes=notes)


def own_rules(reading: Reading) -> list[Rule]:
    """Return the rules in a tool's own description."""
    return [
        Rule(m[1].lower(), reading.verb, "|".join(filter(None, (m[2], m[3]))), m[0].strip())
        for m in REQUIRED.finditer(reading.about)
    ]


def means(reading: Reading, rule: Rule) -> bool:
    """Tell whether a tool does what a rule is about."""
    if rule.verb == reading.verb:
        return True
    root = stem(rule.verb)
    words = SYNONYMS.get(root, (root,))
    return any(token.startswith(word) for token in tokens(reading.name) for word in words)


def with_rule(program: AnyProgram, rule: Rule, reading: Reading, table: Table) -> AnyProgram | None:
    """Add a rule's guard behind the guard that the row exists."""
    status, keyed = table.find("status"), key_parameter(reading, table)
    if status is None or not keyed:
        return None
    home = f"from {quote(table.name)} where {quote(table.key)} = :{keyed}"
    cell = f"lower({quote(status.name)})"
    allowed = [literal(one.lower()) for one in rule.statuses]
    test = f"{cell} = {allowed[0]}" if len(allowed) == 1 else f"{cell} in ({', '.join(allowed)})"
    sql = f"select {test} {home}"
    if any(step.sql == sql for step in program.steps):
        return None
    text = f"{rule.noun} {{{keyed}}}: {rule.text.rstrip(' .,;')}"
    place = 1 + max(
        (i for i, step in enumerate(program.steps) if step.kind == "require"), default=-1
    )
    steps = list(program.steps)
    steps.insert(place, require(sql, text))
    return program.with_steps(steps)
