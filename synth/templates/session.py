"""Accounts that are logged in to: log in, log out, whether somebody is, what needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from synth.expressions import Scope
from synth.model import Column, Model
from synth.program import Step
from synth.reading import SECRETS, Reading, leaves
from synth.render import returned
from synth.rows import quote
from synth.templates.drafts import Draft, let, require, run
from synth.vocabulary import squeeze, tokens

LOGGED_IN = (
    "coalesce((select authenticated from state), (select current_user from state) is not null)"
)
OWNERS = frozenset("createdby username user author owner sender poster creator postedby".split())
PERSONAL = re.compile(
    r"authenticated user|current user|currently authenticated|logged[- ]in user|\bfor the user\b"
)
TOKEN = "access_token"


def prepare(readings: Sequence[Reading], model: Model) -> None:
    """Add to the state what logging in needs, where a domain has it."""
    logins = [reading for reading in readings if reading.archetype == "login"]
    if not logins:
        return
    model.state.add(Column("authenticated", "boolean"))
    model.state.add(Column("current_user", "string"))
    for reading in logins:
        secret = next((p for p in reading.params if SECRETS & set(tokens(p))), None)
        if secret and TOKEN not in outputs(reading):
            for name in reading.params:
                model.state.add(Column(name, "string"))
        if TOKEN in outputs(reading):
            for _, name, schema in leaves(reading.response):
                model.state.add(Column(name, str(schema.get("type", "string"))))
            for name in reading.params:
                if "name" in tokens(name):
                    model.state.add(Column(name, "string"))


def outputs(reading: Reading) -> dict[str, Mapping[str, Any]]:
    return dict(reading.response.get("properties", {}))


def has_login(model: Model) -> bool:
    return "authenticated" in model.state.columns


def guards(reading: Reading, model: Model, *, creates: bool = True) -> list[Step]:
    """Return what a tool requires of the session: a token, or somebody logged in."""
    steps = []
    if TOKEN in reading.params and TOKEN in model.state.columns:
        steps.append(
            require(
                f"select :{TOKEN} = (select {TOKEN} from state)", "the access token is not valid"
            )
        )
    elif has_login(model) and needs_login(reading, creates):
        steps.append(require(f"select {LOGGED_IN}", "nobody is logged in"))
    return steps


def needs_login(reading: Reading, creates: bool) -> bool:
    personal = bool(PERSONAL.search(reading.about.lower()))
    return (creates and reading.archetype == "create") or personal


def owner(column: Column, model: Model) -> str:
    """Return the expression of who does it, for a column that keeps that."""
    if not has_login(model) or squeeze(column.name) not in OWNERS:
        return ""
    if "username" in model.state.columns:
        return "(select coalesce(current_user, username) from state)"
    return "(select current_user from state)"


def write(reading: Reading, model: Model) -> Draft | None:
    """Write logging in, logging out and asking whether somebody is."""
    if reading.archetype == "login":
        return log_in(reading, model)
    if not has_login(model):
        return None
    if reading.archetype == "logout":
        sql = "update state set authenticated = 0, current_user = null"
        steps = [require(f"select {LOGGED_IN}", "nobody is logged in"), run(sql)]
        return Draft(steps, returned(Scope(reading, model)), "logout", "auth")
    if reading.archetype == "login_status":
        flag = f"json(iif({LOGGED_IN}, 'true', 'false'))"
        if TOKEN in model.state.columns:
            flag = f"json(iif((select {TOKEN} from state) is not null, 'true', 'false'))"
        scope = Scope(reading, model)
        scope.values = {squeeze(name): flag for name in outputs(reading)}
        return Draft([], returned(scope), "get", "read")
    return None


def log_in(reading: Reading, model: Model) -> Draft:
    """Check what is known of the account, and note who it is."""
    if TOKEN in outputs(reading):
        return grant(reading, model)
    steps: list[Step] = []
    secret = next((p for p in reading.params if SECRETS & set(tokens(p))), None)
    who = next((p for p in reading.params if p != secret), None)
    flags = [n for n, part in outputs(reading).items() if part.get("type") == "boolean"]
    checks = [f"coalesce((select {quote(n)} from state) = :{n}, 1)" for n in (who, secret) if n]
    if secret and flags:
        return tried(reading, model, checks, (who or secret, flags))
    if secret:
        steps += [require(f"select {check}", "the credentials are not valid") for check in checks]
    for name, noun in reading.keys.items():
        table = model.tables[noun]
        sql = f"select exists (select 1 from {quote(noun)} where {quote(table.key)} = :{name})"
        steps.append(require(sql, f"{noun} {{{name}}} not found"))
    sets = "authenticated = 1" + (f", current_user = :{who}" if who else "")
    steps.append(run(f"update state set {sets}"))
    return Draft(steps, returned(Scope(reading, model)), "login", "auth")


def tried(
    reading: Reading, model: Model, checks: Sequence[str], names: tuple[str, Sequence[str]]
) -> Draft:
    """Log in where the account is right; else say false, as the result has a field for that."""
    who, flags = names
    steps = [
        let("valid", f"select {' and '.join(checks)}"),
        run(f"update state set authenticated = 1, current_user = :{who} where :valid"),
    ]
    scope = Scope(reading, model)
    scope.values = {squeeze(flag): "json(iif(:valid, 'true', 'false'))" for flag in flags}
    return Draft(steps, returned(scope), "login", "auth")


def grant(reading: Reading, model: Model) -> Draft:
    """Grant an access token to somebody whose name is the account's."""
    steps: list[Step] = []
    for name in reading.params:
        if name in model.state.columns:
            known = f"(select {quote(name)} from state)"
            steps.append(
                require(f"select coalesce({known} = :{name}, 1)", f"{name} {{{name}}} is not known")
            )
    used = [p for p in reading.params if p not in model.state.columns]
    sets = {"authenticated": "1"}
    parts = " + ".join(f"length(:{p})" for p in used) or "0"
    for _, name, schema in leaves(reading.response):
        if name == TOKEN:
            sets[name] = f"coalesce(access_token, 'token-' || ({parts} + 100000))"
        elif "scope" in tokens(name) and "grant_type" in reading.params:
            sets[name] = ":grant_type"
        elif "type" in tokens(name):
            sets[name] = "coalesce(" + quote(name) + ", 'Bearer')"
        elif schema.get("type") == "integer":
            sets[name] = f"coalesce({quote(name)}, 3600)"
    listed = ", ".join(f"{quote(name)} = {value}" for name, value in sets.items())
    steps.append(run(f"update state set {listed}"))
    return Draft(steps, returned(Scope(reading, model)), "login", "auth")
