import random

import pytest

from synth.graph import Edge, Graph, build_graph, components, graph_of
from synth.random import random_world
from synth.survey import Survey
from synth.witness import Prober, confirm, confirmed_share
from tests.synth.clinic import clinic, without_notes


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey(clinic())


@pytest.fixture(scope="module")
def graph(survey: Survey) -> Graph:
    return graph_of(survey)


def pairs(graph: Graph, kind: str) -> set[tuple[str, str, tuple[str, str]]]:
    return {(e.src, e.dst, e.via) for e in graph.edges if e.kind == kind}


def test_explicit_edges_join_what_is_returned_with_what_is_asked_for(graph: Graph) -> None:
    explicit = pairs(graph, "explicit")
    assert ("find_patients", "get_patient", ("$[*].id", "patient")) in explicit
    assert ("find_visits", "get_patient", ("$[*].patient_id", "patient")) in explicit
    assert ("book_visit", "cancel_visit", ("$.id", "visit")) in explicit
    assert not any(src == "find_patients" and dst == "cancel_visit" for src, dst, _ in explicit)
    assert not any(via[1] in ("name", "day", "tier") for _, _, via in explicit)
    strengths = {(e.dst, e.via[1]): e.strength for e in graph.edges if e.kind == "explicit"}
    assert strengths["find_visits", "patient"] == "optional"
    assert strengths["cancel_visit", "visit"] == "required"


def test_implicit_edges_come_from_what_the_engine_says_is_read_and_written(graph: Graph) -> None:
    strengths = {(e.src, e.dst): e.strength for e in graph.edges if e.kind == "implicit"}
    assert strengths["book_visit", "cancel_visit"] == "guards"
    assert strengths["cancel_visit", "find_visits"] == "reads"
    assert ("change_patient", "cancel_visit") not in strengths
    assert ("find_visits", "cancel_visit") not in strengths
    assert ("cancel_visit", "cancel_visit") not in strengths


def test_names_and_types_stand_in_where_annotations_lack() -> None:
    bare = graph_of(Survey(without_notes(clinic())))
    explicit = pairs(bare, "explicit")
    assert ("find_visits", "change_patient", ("$[*].patient_id", "patient")) not in explicit
    renamed = without_notes(clinic())
    record = renamed.records[1]
    schema = {
        "type": "object",
        "properties": {"patient_id": {"type": "string"}},
        "required": ["patient_id"],
    }
    spec = type(record.spec)(record.spec.name, "", schema)
    again = type(record)(spec, record.response, "", record.annotations)
    records = (renamed.records[0], again, *renamed.records[2:])
    named = Survey(clinic(records=records))
    edges = build_graph(named.views, {}).edges
    assert ("find_visits", "get_patient", ("$[*].patient_id", "patient_id")) in {
        (e.src, e.dst, e.via) for e in edges
    }


def test_figures_of_the_graph(graph: Graph) -> None:
    ordered = {(e.src, e.dst) for e in graph.edges}
    assert graph.density == len(ordered) / (7 * 6)
    assert graph.unsupplied == ()
    assert {"book_visit", "cancel_visit"} <= set(graph.cycles[0])
    data = graph.to_json("clinic")
    assert data["edges"][0]["via"].keys() == {"out_path", "in_param"}
    assert {edge["kind"] for edge in data["edges"]} == {"explicit", "implicit"}


def test_a_key_that_nobody_returns_is_reported() -> None:
    records = tuple(r for r in clinic().records if "visit" not in r.spec.name)[1:2]
    lonely = graph_of(Survey(clinic(records=records)))
    assert lonely.unsupplied == ("get_patient",)
    assert lonely.density == 0


def test_components_are_those_that_reach_each_other() -> None:
    parts = components({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]})
    assert sorted(sorted(part) for part in parts) == [["a"], ["b", "c"], ["d"]]


def test_true_edges_have_a_witness_that_runs_and_false_ones_none(
    survey: Survey, graph: Graph
) -> None:
    found = confirm(survey, graph.edges, random.Random(0))
    effects = {(e.src, e.dst, e.kind): w.effect for e, w in found.items() if w is not None}
    assert effects["find_patients", "get_patient", "explicit"] == "supplies"
    assert effects["book_visit", "cancel_visit", "implicit"] == "enables"
    assert effects["cancel_visit", "find_visits", "implicit"] == "alters"
    wrong = Edge("find_patients", "cancel_visit", "explicit", ("$[*].id", "visit"), "required", "x")
    idle = Edge("change_patient", "find_visits", "implicit", ("patient", "tier"), "reads", "x")
    assert confirm(survey, [wrong, idle], random.Random(0)) == {wrong: None, idle: None}


def test_probing_leaves_no_trace(survey: Survey, graph: Graph) -> None:
    prober = Prober(survey, "s0", random.Random(1))
    for edge in graph.edges:
        prober.witness(edge)
    assert prober.world.state() == {}


def test_the_confirmed_share_is_of_a_seeded_sample(survey: Survey, graph: Graph) -> None:
    report = confirmed_share(survey, graph, random.Random(3), size=20)
    assert report == confirmed_share(survey, graph, random.Random(3), size=20)
    assert report["sampled"] == 20 < report["edges"]
    assert 0.5 < report["share"] <= 1
    assert sum(kind["sampled"] for kind in report["kinds"].values()) == 20


def test_most_edges_of_random_worlds_are_confirmed() -> None:
    survey = Survey(random_world(2))
    report = confirmed_share(survey, graph_of(survey), random.Random(0))
    assert report["kinds"]["explicit required"]["share"] > 0.8
    assert report["sampled"] == report["edges"]
