"""What members ask of the depot, and the plans that do it: found by doing it once."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from evaluators.judge.case import GoldCall
from evaluators.judge.quality.bases import Ask, Base, Respond
from evaluators.judge.quality.depot import (
    BRANCHES,
    KINDS,
    MEMBERS,
    POLICY,
    TOOLS,
    Depot,
    day,
)

Errand = Callable[[Depot, str, random.Random], Ask]
NOTES = ("please leave it at the gate", "needs a long power cord", "call before you deliver it")


class Plan:
    """A plan under way: every call is carried out on a depot and remembered."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot
        self.calls: list[GoldCall] = []

    def do(self, name: str, **arguments: Any) -> dict[str, Any]:
        text, error = self.depot.respond(name, arguments)
        assert not error, text
        self.calls.append(GoldCall(name, arguments))
        answer: dict[str, Any] = json.loads(text)
        return answer

    def ask(self, request: str) -> Ask:
        return Ask(request, tuple(self.calls))


def reserve_found(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Find the cheapest of a kind, quote it, reserve it."""
    plan, kind, days, start = Plan(depot), rng.choice(list(KINDS)), rng.randrange(13, 30), day(rng)
    items = plan.do("find_items", category=kind)["items"]
    item = min(items, key=lambda i: i["daily_rate"])["item_id"]
    plan.do("get_quote", item_id=item, days=days)
    plan.do("reserve_item", item_id=item, start_date=start, days=days)
    return plan.ask(
        f"Find your {kind}s, quote me the cheapest for {days} days and reserve it from {start}."
    )


def reserve_and_note(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Reserve an item by its id and put a note on the reservation."""
    plan, item, note = Plan(depot), rng.choice(list(depot.items)), rng.choice(NOTES)
    days, start = rng.randrange(13, 30), day(rng)
    made = plan.do("reserve_item", item_id=item, start_date=start, days=days)
    plan.do("add_note", reservation_id=made["reservation_id"], note=note)
    return plan.ask(f'Reserve {item} for {days} days from {start} and add the note "{note}".')


def prolong(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Look up the member's reservations and prolong the first one."""
    plan, extra = Plan(depot), rng.randrange(13, 20)
    first = plan.do("list_reservations")["reservations"][0]["reservation_id"]
    plan.do("extend_reservation", reservation_id=first, extra_days=extra)
    return plan.ask(f"Look up my reservations and prolong the first one by {extra} days.")


def cancel_and_show(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Make a reservation, then cancel it and show it."""
    plan, item, start = Plan(depot), rng.choice(list(depot.items)), day(rng)
    made = plan.do("reserve_item", item_id=item, start_date=start, days=14)["reservation_id"]
    plan.do("cancel_reservation", reservation_id=made)
    plan.do("get_reservation", reservation_id=made)
    return plan.ask(
        f"Reserve {item} from {start} for 14 days. No, wait: do it, but cancel it at once, and "
        "then show me that reservation."
    )


def compare(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Show an item and the hours of a branch: two independent reads."""
    plan, item, branch = Plan(depot), rng.choice(list(depot.items)), rng.choice(list(BRANCHES))
    plan.do("get_item", item_id=item)
    plan.do("get_branch_hours", branch=branch)
    return plan.ask(f"Show me {item}, and tell me when {branch} is open.")


def new_address(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Change the address for messages."""
    plan, mail = Plan(depot), f"{name}{rng.randrange(20, 99)}@example.org"
    plan.do("set_contact_email", email=mail)
    return plan.ask(f"Send messages to {mail} from now on.")


def two_quotes(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Quote two items for as many days: two independent reads of one tool."""
    plan, days = Plan(depot), rng.randrange(13, 30)
    one, two = rng.sample(list(depot.items), 2)
    plan.do("get_quote", item_id=one, days=days)
    plan.do("get_quote", item_id=two, days=days)
    return plan.ask(f"What do {one} and {two} cost for {days} days?")


def hours_only(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Ask for a branch's hours: a single read."""
    plan, branch = Plan(depot), rng.choice(list(BRANCHES))
    plan.do("get_branch_hours", branch=branch)
    return plan.ask(f"When does {branch} open and close?")


def chat(depot: Depot, name: str, rng: random.Random) -> Ask:
    """Say something that needs no call."""
    return Ask(rng.choice(["Thank you so far.", "Good. One more thing in a moment."]))


ERRANDS: tuple[Errand, ...] = (
    reserve_found,
    reserve_and_note,
    prolong,
    cancel_and_show,
    compare,
    new_address,
    two_quotes,
    hours_only,
    chat,
)


def bases(count: int, seed: int = 0) -> Iterator[Base]:
    """Yield `count` tasks: sign in, three or four errands, sometimes sign out."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        world = rng.randrange(1 << 30)
        depot = Depot(world)
        name = rng.choice(MEMBERS[:4])
        plan = Plan(depot)
        plan.do("sign_in", member_name=name, pin=depot.members[name])
        asks = [errand(depot, name, rng) for errand in rng.sample(ERRANDS, rng.randrange(3, 5))]
        greeting = f"Hello, this is {name}, my PIN is {depot.members[name]}. Please sign me in. "
        asks[0] = Ask(greeting + asks[0].request, (*plan.calls, *asks[0].calls))
        if rng.random() < 0.4:
            asks.append(Ask("That is all, sign me out.", (GoldCall("sign_out"),)))
        yield Base(f"depot/{seed}-{number}", TOOLS, tuple(asks), opener(world), POLICY)


def opener(world: int) -> Callable[[], Respond]:
    def open_depot() -> Respond:
        return Depot(world).respond

    return open_depot
