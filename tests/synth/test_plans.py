import json
import random
from dataclasses import replace

import pytest

from synth.binding import Binder
from synth.chains import Chain
from synth.graph import graph_of
from synth.ground import Ground
from synth.growth import sample_chain
from synth.paths import find_all, look_up
from synth.plans import Rejected, Step, replay, resolve, step_of, verify
from synth.random import random_world
from synth.scene import Scene
from synth.survey import Survey
from tests.synth.clinic import STATE, clinic


def step(number: int, tool: str, hidden: bool = False, **args: object) -> Step:
    filled = {
        name: {"ref": value} if str(value).startswith("$") else {"literal": value}
        for name, value in args.items()
    }
    return Step(str(number), tool, filled, hidden=hidden)


FIND = step(1, "find_patients", True, name="Ada Brandt")
VISITS = step(2, "find_visits", True, patient="$1[0].id")
CANCEL = step(3, "cancel_visit", visit="$2[0].id")
PLAN = [FIND, VISITS, CANCEL]
SURVEY = Survey(clinic())


def test_paths_lead_to_every_place_and_into_lists_that_they_do_not_name() -> None:
    data = [{"id": 1, "tags": ["x", "y"]}, {"id": 2}]
    assert list(find_all(data, "$[*].id")) == [("$[0].id", 1), ("$[1].id", 2)]
    assert list(find_all(data, "$.id")) == list(find_all(data, "$[*].id"))
    assert list(find_all(data, "$[*].tags")) == [("$[0].tags[0]", "x"), ("$[0].tags[1]", "y")]
    assert list(find_all("k", "$")) == [("$", "k")]
    assert look_up(data, "$[0].tags[1]") == "y"
    with pytest.raises(KeyError):
        look_up(data, "$[5].id")


def test_references_are_filled_from_results() -> None:
    assert resolve(VISITS, {"1": [{"id": "P9"}]}) == {"patient": "P9"}
    with pytest.raises(KeyError):
        resolve(VISITS, {"1": []})


def test_a_plan_is_verified_by_playing_it_twice() -> None:
    plan = verify(SURVEY, "s0", PLAN)
    assert plan.state == {"visit": {"[11]": [11, "P1", "2026-03-01", 4, "cancelled"]}}
    assert plan.necessary == ("3",)
    assert [s.depends for s in plan.steps] == [(), ("1",), ("2",)]
    data = plan.to_json()
    assert data["verified"]["hidden_steps"] == ["1", "2"]
    assert [step_of(s) for s in json.loads(json.dumps(data["steps"]))] == list(plan.steps)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([*PLAN[:2], step(3, "cancel_visit", visit="$2[1].id")], "only be cancelled when planned"),
        ([step(1, "find_patients", True, name="Nobody"), VISITS, CANCEL], "refused"),
        ([step(1, "find_patients", name="Nobody")], "an empty read"),
        ([FIND, step(2, "cancel_visit", visit=11)], "a hidden read that nothing uses"),
        ([step(1, "change_patient", patient="P1", tier="gold")], "a write that changes nothing"),
        (
            [
                step(1, "change_patient", patient="P1", tier="basic"),
                step(2, "change_patient", patient="P1", tier="silver"),
            ],
            "a write that changes nothing",
        ),
    ],
)
def test_a_plan_that_breaks_a_check_is_rejected(steps: list[Step], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        verify(SURVEY, "s0", steps)


def test_an_implicit_edge_needs_a_witness() -> None:
    booked = step(1, "book_visit", patient="P3", day="2026-09-09", room=3)
    cancelled = step(2, "cancel_visit", visit=14)
    plan = verify(SURVEY, "s0", [booked, cancelled], implied={("1", "2")})
    assert plan.witnesses == ({"src": "1", "dst": "2", "effect": "enables"},)
    assert plan.steps[1].depends == ("1",)
    other = step(2, "cancel_visit", visit=11)
    with pytest.raises(Rejected, match="implicit edge without a witness"):
        verify(SURVEY, "s0", [booked, other], implied={("1", "2")})


def test_a_refused_last_call_must_be_refused() -> None:
    done = step(3, "cancel_visit", visit="$2[1].id")
    assert verify(SURVEY, "s0", PLAN[:2], done).state == {}
    with pytest.raises(Rejected, match="not refused"):
        verify(SURVEY, "s0", PLAN[:2], CANCEL)


def test_a_step_that_lacks_its_reference_is_left_out_of_a_replay() -> None:
    run = replay(SURVEY.blueprint("s0"), PLAN, skip={"1"})
    assert run.state == {}
    assert run.faults["2"].startswith("nothing at")


def chain(tools: list[str], survey: Survey = SURVEY) -> Chain:
    """Sample until the chain has these tools, in any order."""
    ground = Ground(survey, graph_of(survey))
    for seed in range(400):
        found = sample_chain(ground, (len(tools),), random.Random(seed))
        if found is not None and sorted(n.tool for n in found.nodes) == sorted(tools):
            return found
    raise AssertionError(f"no chain of {tools}")


def bound(tools: list[str], seed: int = 0) -> Scene:
    return Binder(SURVEY, "s0", random.Random(seed)).bind(chain(tools))


def test_binding_finds_arguments_that_work_and_ties_them_to_results() -> None:
    scene = bound(["find_patients", "find_visits", "cancel_visit"])
    last = scene.plan.steps[-1]
    assert last.tool == "cancel_visit"
    assert "ref" in last.args["visit"]
    assert [s.hidden for s in scene.plan.steps] == [True, True, False]
    assert not any(key in json.dumps(s.literals) for s in scene.plan.steps for key in ("P1", "P2"))
    (visit,) = (m for m in scene.mentions.values() if m.table == "visit")
    assert visit.key in (11, 13)


def test_what_is_told_of_a_row_fits_no_other() -> None:
    for seed in range(30):
        scene = bound(["find_patients", "find_visits", "move_visit"], seed)
        for mention in scene.mentions.values():
            rows = STATE[mention.table]
            columns = SURVEY.tables[mention.table]
            owners = [key for table, key in mention.owners if table == "patient"]
            fitting = [
                row
                for row in rows
                if all(row[columns.index(c.split(".")[1])] == v for c, v in mention.told)
                and (not owners or row[1] in owners)
            ]
            assert [row[0] for row in fitting] == [mention.key]


def test_a_changed_value_is_new_and_not_what_the_row_is_told_by() -> None:
    for seed in range(20):
        scene = bound(["find_patients", "find_visits", "move_visit"], seed)
        (act,) = scene.acts
        (_, column, value), *_ = act.values
        assert value != act.before["day"]
        told = {c for m in scene.mentions.values() for c, _ in m.told}
        assert column not in told


def test_a_binder_leaves_its_world_as_it_was_and_serves_again() -> None:
    binder = Binder(SURVEY, "s0", random.Random(0))
    wanted = chain(["find_patients", "find_visits", "cancel_visit"])
    ids = {binder.bind(wanted).plan.id for _ in range(6)}
    assert binder.scratch.world.state() == {}
    assert len(ids) > 1


def test_binding_for_a_refusal_finds_a_row_that_a_guard_forbids() -> None:
    binder = Binder(SURVEY, "s0", random.Random(0))
    scene = binder.bind(chain(["find_patients", "find_visits", "cancel_visit"]), refused=True)
    assert scene.refused is not None
    assert scene.reason == "visit {visit} can only be cancelled when planned"
    assert scene.plan.state == {}
    assert any(m.key == 12 for m in scene.mentions.values())


def test_where_nothing_works_the_chain_is_rejected() -> None:
    nobody = Survey(clinic(states={"s0": STATE | {"visit": []}}))
    binder = Binder(nobody, "s0", random.Random(0))
    with pytest.raises(Rejected, match="no arguments"):
        binder.bind(chain(["find_patients", "find_visits", "cancel_visit"]))


def test_random_plans_are_minimal_and_reproducible() -> None:
    survey = Survey(random_world(4))
    ground = Ground(survey, graph_of(survey))
    for seed in range(15):
        wanted = sample_chain(ground, (3, 1), random.Random(seed))
        assert wanted is not None
        try:
            scene = Binder(survey, "s00000", random.Random(seed)).bind(wanted)
        except Rejected:
            continue
        steps = scene.plan.steps
        again = verify(survey, "s00000", steps)
        assert again.state == scene.plan.state
        for number in scene.plan.necessary:
            run = replay(survey.blueprint("s00000"), steps, skip={number})
            assert run.state != scene.plan.state
        assert replace(scene.plan, steps=again.steps).id == scene.plan.id
