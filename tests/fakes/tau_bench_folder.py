"""A small invented tau-bench repository: the layout of the real one, one user per domain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evaluators.tau2.v1.benchmark import KITS

USER_PY = '''
import litellm_that_is_not_there

class Simulator:
    def build_system_prompt(self, instruction):
        return f"""Play a customer.{instruction_display}Say {chr(35)} when done."""
'''.replace("{chr(35)}", "###STOP###")
DAY = {"available_seats": {"economy": 2}, "prices": {"economy": 100, "business": 300}}
OPEN = {"status": "available", **DAY}
AIRLINE = {
    "flights": {
        number: {
            "flight_number": number,
            "origin": way[0],
            "destination": way[1],
            "scheduled_departure_time_est": leaves,
            "scheduled_arrival_time_est": arrives,
            "dates": {"2024-05-20": OPEN, "2024-05-21": {**OPEN, "prices": {"economy": 70}}},
        }
        for number, way, leaves, arrives in (
            ("F1", ("JFK", "ORD"), "08:00:00", "10:00:00"),
            ("F2", ("ORD", "SEA"), "11:00:00", "14:00:00"),
        )
    },
    "users": {
        "ann": {
            "name": {"first_name": "Ann", "last_name": "Oak"},
            "payment_methods": {
                "gift_card_1": {"source": "gift_card", "amount": 150, "id": "gift_card_1"},
                "certificate_1": {"source": "certificate", "amount": 50, "id": "certificate_1"},
            },
            "reservations": ["R1"],
        }
    },
    "reservations": {
        "R1": {
            "reservation_id": "R1",
            "user_id": "ann",
            "cabin": "economy",
            "flights": [
                {
                    "flight_number": "F1",
                    "date": "2024-05-20",
                    "price": 90,
                    "origin": "JFK",
                    "destination": "ORD",
                }
            ],
            "passengers": [{"first_name": "Ann", "last_name": "Oak", "dob": "1990-01-01"}],
            "payment_history": [{"payment_id": "gift_card_1", "amount": 90}],
            "nonfree_baggages": 0,
            "total_baggages": 0,
        }
    },
}


def variant(name: str, price: float) -> dict[str, Any]:
    return {"item_id": name, "price": price, "available": True, "options": {"size": name}}


RETAIL = {
    "products": {
        "p1": {
            "name": "Cup",
            "product_id": "p1",
            "variants": {n: variant(n, p) for n, p in (("i1", 5.5), ("i2", 7.25), ("i3", 4.0))},
        }
    },
    "users": {
        "bob": {
            "name": {"first_name": "Bob", "last_name": "Elm"},
            "address": {"zip": "10001"},
            "email": "bob@example.com",
            "payment_methods": {
                "gift_card_2": {"source": "gift_card", "balance": 20, "id": "gift_card_2"},
                "paypal_1": {"source": "paypal", "id": "paypal_1"},
            },
            "orders": ["#W1", "#W2"],
        }
    },
    "orders": {
        order: {
            "order_id": order,
            "user_id": "bob",
            "status": status,
            "items": [
                {"name": "Cup", "product_id": "p1", **variant("i1", 5.5)},
                {"name": "Cup", "product_id": "p1", **variant("i2", 7.25)},
            ],
            "payment_history": [
                {
                    "transaction_type": "payment",
                    "amount": 12.75,
                    "payment_method_id": "gift_card_2",
                }
            ],
        }
        for order, status in (("#W1", "pending"), ("#W2", "delivered"))
    },
}
CANCEL = ("cancel_reservation", {"reservation_id": "R1"})
SWAP: tuple[str, dict[str, Any]] = (
    "modify_pending_order_items",
    {
        "order_id": "#W1",
        "item_ids": ["i1", "i2"],
        "new_item_ids": ["i3", "i1"],
        "payment_method_id": "gift_card_2",
    },
)


def write_folder(root: Path) -> Path:
    """Write the repository. No Python file of it could be imported: they are read as text."""
    envs = root / "tau_bench" / "envs"
    for domain, data in (("airline", AIRLINE), ("retail", RETAIL)):
        folder = envs / domain
        (folder / "data").mkdir(parents=True)
        (folder / "wiki.md").write_text(f"# The policy of the {domain}\n")
        for name, table in data.items():
            (folder / "data" / f"{name}.json").write_text(json.dumps(table))
        write_tools(folder / "tools", sorted(KITS[domain].declared))
    (envs / "user.py").write_text(USER_PY)
    write_tasks(root, "airline", "test", [task([CANCEL], ["90"]), task([])])
    write_tasks(root, "retail", "test", [task([SWAP])])
    write_tasks(root, "retail", "train", [task([])])
    return root


def write_tools(folder: Path, names: Iterable[str]) -> None:
    folder.mkdir()
    classes = {name: name.title().replace("_", "") for name in names}
    imports = [f"from .{name} import {label}" for name, label in classes.items()]
    listed = f"ALL_TOOLS = [{', '.join(classes.values())}]"
    (folder / "__init__.py").write_text("\n".join([*imports, "", listed]) + "\n")
    for name, label in classes.items():
        told = {"name": name, "description": f"Do {name}.", "parameters": {"type": "object"}}
        (folder / f"{name}.py").write_text(
            f"from nowhere import Tool\n\nclass {label}(Tool):\n    @staticmethod\n"
            f"    def get_info():\n        return { ({'type': 'function', 'function': told})!r}\n"
        )


def task(
    actions: Iterable[tuple[str, Mapping[str, Any]]], outputs: Iterable[str] = (), user: str = "ann"
) -> str:
    made = ", ".join(f"Action(name={name!r}, kwargs={kwargs!r})" for name, kwargs in actions)
    return (
        f"Task(annotator='0', user_id={user!r}, instruction='You are {user}. Ask for it.', "
        f"actions=[{made}], outputs={list(outputs)!r})"
    )


def write_tasks(root: Path, domain: str, split: str, tasks: Iterable[str]) -> None:
    path = root / "tau_bench" / "envs" / domain / f"tasks_{split}.py"
    path.write_text(f"from nowhere import Action, Task\n\nTASKS = [\n{', '.join(tasks)},\n]\n")
