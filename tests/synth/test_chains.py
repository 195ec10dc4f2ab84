import random
from dataclasses import replace

import pytest

from synth.chains import Chain, Link, Node, broken_conditions, is_path, numbered
from synth.choices import DeadEnd, Dice, Odometer
from synth.graph import Edge, graph_of
from synth.ground import Ground
from synth.growth import Grower, enumerate_chains, sample_chain
from synth.random import random_world
from synth.survey import Survey
from tests.synth.clinic import clinic

SIZES = [(1,), (2,), (3,), (2, 1), (3, 2), (2, 1, 2)]


def ground(survey: Survey) -> Ground:
    return Ground(survey, graph_of(survey))


@pytest.fixture(scope="module")
def clinical() -> Ground:
    return ground(Survey(clinic()))


def edge(src: str, dst: str) -> Edge:
    return Edge(src, dst, "explicit", ("$.id", "x"), "required", "x.id")


GOOD = Chain(
    (Node(1, "a", 0), Node(2, "b", 0), Node(3, "c", 1)),
    (Link(1, 2, edge("a", "b")), Link(2, 3, edge("b", "c"))),
)


def test_a_chain_that_keeps_all_conditions() -> None:
    assert broken_conditions(GOOD) == []
    assert (GOOD.turns, GOOD.calls_per_turn, GOOD.depth) == (2, [2, 1], 3)
    assert [n.tool for n in GOOD.terminals(0)] == ["b"]
    assert [n.tool for n in GOOD.initials(0)] == ["a"]
    assert is_path(GOOD)


def test_each_condition_has_a_chain_that_breaks_it() -> None:
    nodes, links = GOOD.nodes, GOOD.links
    twice = (nodes[0], Node(2, "a", 0), nodes[2])
    assert "distinct" in broken_conditions(replace(GOOD, nodes=twice))
    assert broken_conditions(replace(GOOD, links=links[1:])) == ["connected"]
    assert broken_conditions(replace(GOOD, links=links[:1])) == ["terminal_to_initial"]
    early = Link(1, 3, edge("a", "c"))
    assert broken_conditions(replace(GOOD, links=(links[0], early))) == ["terminal_to_initial"]
    again = Node(4, "a", 2)
    back = Link(3, 4, edge("c", "a"))
    assert broken_conditions(Chain((*nodes, again), (*links, back))) == ["acyclic"]
    backwards = Link(2, 1, edge("b", "a"))
    assert "ordered" in broken_conditions(replace(GOOD, links=(backwards, links[1])))


def test_calls_are_numbered_in_an_order_in_which_they_can_be_made() -> None:
    born = (Node(1, "c", 0), Node(2, "a", 0), Node(3, "b", 0))
    links = (Link(2, 3, edge("a", "b")), Link(3, 1, edge("b", "c")))
    chain = numbered(born, links)
    assert chain is not None
    assert [n.tool for n in chain.nodes] == ["a", "b", "c"]
    circle = (*links, Link(1, 2, edge("c", "a")))
    assert numbered(born, circle) is None


@pytest.mark.parametrize("sizes", SIZES)
def test_grown_chains_have_the_sizes_asked_for_and_keep_every_condition(
    sizes: tuple[int, ...],
) -> None:
    for seed in range(6):
        soil = ground(Survey(random_world(seed)))
        chain = sample_chain(soil, sizes, random.Random(seed))
        assert chain is not None
        assert chain.calls_per_turn == list(sizes)
        assert broken_conditions(chain) == []


def test_needs_are_met_and_never_by_what_merely_hands_a_key_back(clinical: Ground) -> None:
    for seed in range(60):
        chain = sample_chain(clinical, (3,), random.Random(seed))
        assert chain is not None
        for node in chain.nodes:
            fed = {link.edge.via[1]: link for link in chain.parents(node.id)}
            assert {p.name for p in clinical.views[node.tool].needs} <= fed.keys()
            for link in fed.values():
                assert link.edge.src != "get_patient" or link.edge.column != "patient.id"


def test_a_read_that_would_only_repeat_a_search_is_not_called(clinical: Ground) -> None:
    chains = list(enumerate_chains(clinical, (2,)))
    assert chains
    found = [{n.tool for n in chain.nodes} for chain in chains]
    assert {"find_patients", "get_patient"} not in found
    assert {"find_visits", "get_patient"} in found


def test_sampling_is_seeded(clinical: Ground) -> None:
    first = sample_chain(clinical, (3, 1), random.Random(5))
    assert first == sample_chain(clinical, (3, 1), random.Random(5))


def test_enumeration_is_deterministic_without_repetition_and_covers_what_is_sampled(
    clinical: Ground,
) -> None:
    listed = [chain.id for chain in enumerate_chains(clinical, (2,))]
    assert listed == [chain.id for chain in enumerate_chains(clinical, (2,))]
    assert len(set(listed)) == len(listed)
    sampled = {sample_chain(clinical, (2,), random.Random(seed)) for seed in range(80)}
    assert {chain.id for chain in sampled if chain is not None} <= set(listed)


def test_strict_chains_are_paths(clinical: Ground) -> None:
    paths = list(enumerate_chains(clinical, (3,), "strict_chain"))
    assert paths
    assert all(is_path(chain) for chain in paths)
    assert len(paths) < len(list(enumerate_chains(clinical, (3,))))


def test_sizes_that_cannot_be_are_a_dead_end_or_an_upper_bound(clinical: Ground) -> None:
    assert sample_chain(clinical, (9,), random.Random(0)) is None
    smaller = sample_chain(clinical, (9,), random.Random(0), exact=False)
    assert smaller is not None
    assert smaller.calls_per_turn[0] < 9
    with pytest.raises(DeadEnd):
        Grower(clinical, Dice(random.Random(0))).chain((20,))


def test_nobody_creates_and_cancels_in_one_breath(clinical: Ground) -> None:
    for chain in enumerate_chains(clinical, (3,)):
        tools = [node.tool for node in chain.nodes]
        made = [link for link in chain.links if link.edge.src == "book_visit"]
        undone = [link for link in made if link.edge.dst == "cancel_visit"]
        assert not ("book_visit" in tools and undone)
    across = [
        chain
        for chain in enumerate_chains(clinical, (2, 1))
        if [n.tool for n in chain.nodes][-2:] == ["book_visit", "cancel_visit"]
    ]
    assert across


def test_an_odometer_takes_every_way_once() -> None:
    odometer, ways = Odometer(), []
    while True:
        first = odometer.choose("ab")
        ways.append(first + (odometer.choose("xyz") if first == "a" else ""))
        if not odometer.advance():
            break
    assert ways == ["ax", "ay", "az", "b"]
    with pytest.raises(DeadEnd):
        Odometer().choose([])
