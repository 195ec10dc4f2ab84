from typing import Any

import pytest

from synth.decontaminate import Index, Sample
from synth.footprints import footprint, is_specific

TICKET = {"id": 7, "title": "Broken door", "status": "open"}
SOLVED = {**TICKET, "status": "resolved", "resolution": "The hinge was replaced."}


def left(before: Any, after: Any) -> set[tuple[str, str, str]]:
    return set(footprint(before, after))


def test_a_changed_record_is_named_by_its_id() -> None:
    assert left({"tickets": [TICKET]}, {"tickets": [SOLVED]}) == {
        ("7", "status", "resolved"),
        ("7", "resolution", "the hinge was replaced"),
    }


def test_lists_and_tables_and_spelling_say_the_same() -> None:
    as_table = left(
        {"ticket": {"#W7": {"Status": "open", "Total": 5}}},
        {"ticket": {"#W7": {"Status": "Resolved!", "Total": 6.0}}},
    )
    as_list = left(
        {"tickets": [{"ticket_id": "#w7", "status": "open", "total": 5}]},
        {"tickets": [{"ticket_id": "#w7", "status": "resolved", "total": 6}]},
    )
    assert as_table == as_list == {("w7", "status", "resolved"), ("w7", "total", "6")}


def test_ids_of_new_records_do_not_count() -> None:
    assert left({"tickets": []}, {"tickets": [TICKET]}) == {
        ("", "title", "broken door"),
        ("", "status", "open"),
    }


def test_a_removed_record_is_gone() -> None:
    assert left({"tickets": [TICKET]}, {"tickets": []}) == {("gone", "", "7")}


@pytest.mark.parametrize(("value", "specific"), [("The hinge was replaced", True), ("on", False)])
def test_what_anyone_would_leave_is_not_specific(value: str, specific: bool) -> None:
    found = footprint({"door": {"state": ""}}, {"door": {"state": value, "other": value}})
    assert is_specific(found) is specific


def hit(after: Any) -> str:
    index = Index()
    index.add_states("bench", [({"tickets": [TICKET]}, {"tickets": [SOLVED]})])
    found = index.hit(Sample("s", [], (), footprint({"tickets": [TICKET]}, after)))
    return f"{found.source} {found.kind}" if found else ""


def test_a_task_that_leaves_all_that_a_benchmark_leaves_is_a_hit() -> None:
    assert hit({"tickets": [SOLVED]}) == "bench state"
    assert hit({"tickets": [SOLVED, {"id": 8, "title": "More"}]}) == "bench state"


def test_another_record_or_a_part_of_it_is_none() -> None:
    assert hit({"tickets": [TICKET, {**SOLVED, "id": 8}]}) == ""
    assert hit({"tickets": [{**TICKET, "resolution": SOLVED["resolution"]}]}) == ""
    assert hit({"tickets": [TICKET]}) == ""
