"""The telecom domain: a service desk, a customer's phone, and what one does to the other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.pack import read_text
from evaluators.tau2.worlds.domain import Domain, Row, specs_of
from evaluators.tau2.worlds.store import Base, Store
from evaluators.tau2.worlds.telecom_account import TelecomTools
from evaluators.tau2.worlds.telecom_phone import TelecomUserTools
from evaluators.tau2.worlds.telecom_phone_records import phone_dump
from evaluators.tau2.worlds.telecom_records import Accounts, accounts_dump
from evaluators.tau2.worlds.toolkit import Toolkit
from evaluators.tau2.worlds.world import World
from harness.faults import ModelFault, UserMistake

POLICIES = ("manual", "workflow")


class TelecomWorld(World):
    """Two databases: what the desk does to the account reaches the phone, and payments return."""

    agent: TelecomTools
    user: TelecomUserTools

    def sync(self) -> None:
        """Tell the phone what its line may do, settle a payment made, ask for one that is due."""
        around = self.user.phone.surroundings
        number = around["phone_number"]
        if number is None:
            return
        ledger = self.agent.ledger
        line, customer = ledger.subscriber(number)
        limit = ledger.rows("plans")[line["plan_id"]]["data_limit_gb"] + line["data_refueling_gb"]
        seen = {
            "line_active": line["status"] == "Active",
            "roaming_allowed": bool(line["roaming_enabled"]),
            "mobile_data_usage_exceeded": line["data_used_gb"] >= limit,
        }
        request = around["payment_request"]
        if request is not None and request["paid"]:
            ledger.update("bills", request["bill_id"], status="Paid")
            request = None
        if request is None:
            request = next(map(requested, ledger.bills(customer, "Awaiting Payment")), None)
        seen["payment_request"] = request
        if any(around[name] != value for name, value in seen.items()):
            self.user.phone.place(**seen)

    def update(self, kit: Toolkit, other: Toolkit | None, data: Mapping[str, Any]) -> None:
        """Refuse initial data: officially both sides then share one database, and nothing runs."""
        raise ModelFault("telecom worlds cannot take initialization_data", kind="initial_state")


def requested(bill: Mapping[str, Any]) -> dict[str, Any]:
    return {"bill_id": bill["bill_id"], "amount_due": bill["total_due"], "paid": False}


def load(folder: Path, options: Mapping[str, str]) -> Domain:
    """Read the domain. Option `policy` is the technical manual or its workflow form."""
    form = options.get("policy", "manual")
    if form not in POLICIES:
        raise UserMistake(f"telecom policy {form!r}: choose among {', '.join(POLICIES)}")
    agent = Base(read_toml(folder / "db.toml"), accounts_dump)
    user = Base(read_toml(folder / "user_db.toml"), phone_dump)
    specs = {solo: specs_of("telecom", solo=solo) for solo in (False, True)}

    def new(row: Row, solo: bool) -> World:
        sides = TelecomTools(Accounts(agent)), TelecomUserTools(Store(user))
        return TelecomWorld(*sides, specs=specs[solo], solo=solo)

    def policy(solo: bool) -> str:
        return policy_text(folder, form, solo=solo)

    return Domain("telecom", new, policy, solo=True)


def policy_text(folder: Path, form: str, *, solo: bool) -> str:
    """Join the service policy and the technical one; only the workflow has a solo version."""
    main = read_text(folder / ("main_policy_solo.md" if solo else "main_policy.md"))
    suffix = "_solo" if solo and form == "workflow" else ""
    technical = read_text(folder / f"tech_support_{form}{suffix}.md")
    return (
        f"<main_policy>\n{main}\n</main_policy>\n"
        f"<tech_support_policy>\n{technical}\n</tech_support_policy>"
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of the pack; raises UserMistake where it is missing or broken."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UserMistake(f"{path} of the tau2 pack is not TOML: {error}") from None
