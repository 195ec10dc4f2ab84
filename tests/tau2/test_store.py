"""The copy-on-write store: what a plain deep copy would do, without the copy."""

import copy
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.tau2.worlds.store import Base, Store, canonical, merge

ROOT: dict[str, Any] = {
    "users": {"ann": {"orders": ["o1"], "money": 5.0}, "bob": {"orders": [], "money": 0}},
    "orders": {"o1": {"status": "pending", "items": [{"id": 1}]}},
    "lines": [{"id": "l1"}, {"id": "l2"}],
    "note": None,
}
KEYS = st.sampled_from(["ann", "bob", "cid"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "gone", "field", "line", "whole"]), KEYS, st.integers(-3, 3)),
    max_size=8,
)


def apply(step: tuple[str, str, int], plain: Any, store: Store) -> None:
    """Do the same to a plain copy and to a store."""
    kind, key, number = step
    if kind == "set":
        plain["users"][key] = {"orders": [], "money": number}
        store.writable("users")[key] = {"orders": [], "money": number}
    elif kind == "gone" and key in plain["users"]:
        del plain["users"][key]
        del store.writable("users")[key]
    elif kind == "field" and key in plain["users"]:
        plain["users"][key]["orders"].append(f"o{number}")
        store.record("users", key)["orders"].append(f"o{number}")
    elif kind == "line":
        plain["lines"][number % 2]["n"] = number
        store.record("lines", number % 2)["n"] = number
    elif kind == "whole":
        plain["orders"]["o1"]["status"] = key
        store.whole("orders")["o1"]["status"] = key


@given(STEPS)
def test_a_store_is_a_deep_copy_that_costs_nothing(steps: list[tuple[str, str, int]]) -> None:
    base, plain = Base(copy.deepcopy(ROOT)), copy.deepcopy(ROOT)
    store = Store(base)
    for step in steps:
        apply(step, plain, store)
    assert {section: store[section] for section in ROOT} == plain
    assert base.root == ROOT
    text = json.dumps(plain, sort_keys=True, default=str)
    assert store.digest() == hashlib.sha256(text.encode()).hexdigest()
    again = Store(base)
    again.restore(json.loads(json.dumps(store.delta())))
    assert {section: again[section] for section in ROOT} == plain
    assert (canonical(plain) == canonical(ROOT)) == (store.delta() == {})


def test_writing_back_the_same_value_is_no_change() -> None:
    store = Store(Base(ROOT))
    store.record("users", "ann")["money"] = 6.0
    assert store.delta() == {"users": {"set": {"ann": {"orders": ["o1"], "money": 6.0}}}}
    store.record("users", "ann")["money"] = 5.0
    assert store.delta() == {}


def test_an_int_in_place_of_a_float_is_a_change() -> None:
    store = Store(Base(ROOT))
    store.record("users", "ann")["money"] = 5
    assert "users" in store.delta()


def test_two_stores_of_one_base_do_not_meet() -> None:
    base = Base(copy.deepcopy(ROOT))
    one, two = Store(base), Store(base)
    one.record("orders", "o1")["items"][0]["id"] = 9
    assert two["orders"]["o1"]["items"][0]["id"] == 1


def test_merging_is_nested_for_objects_and_replaces_anything_else() -> None:
    into = {"a": {"b": {"c": 1, "d": 2}}, "l": [1, 2]}
    assert merge(into, {"a": {"b": {"c": 3}}, "l": [9]}) == {"a": {"b": {"c": 3, "d": 2}}, "l": [9]}


def test_merged_bases_are_parsed_once_per_data_object() -> None:
    base, data = Base(copy.deepcopy(ROOT)), {"users": {"ann": {"money": 1.5}}}
    merged = base.merged(data)
    assert merged is base.merged(data)
    assert merged.root["users"]["ann"] == {"orders": ["o1"], "money": 1.5}
    assert base.root == ROOT


def test_data_that_does_not_fit_is_refused() -> None:
    def positive(root: Any) -> Any:
        if root["n"] < 0:
            raise ValueError("negative")
        return root

    assert Base({"n": 1}, positive).root == {"n": 1}
    with pytest.raises(ValueError, match="negative"):
        Base({"n": -1}, positive)
