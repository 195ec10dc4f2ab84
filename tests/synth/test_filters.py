from dataclasses import replace

from harness.types import ToolSpec
from synth.decontaminate import Index
from synth.duplicates import Caps
from synth.filters import Candidate, Sieve, sift
from synth.footprints import footprint

SPECS = {"shop": {"note": ToolSpec("note", parameters={"type": "object", "properties": {}})}}
TEXT = "Please write down that the copper lamp of {} flickers whenever the door is opened quickly"


def task(name: str, text: str = "", note: str = "Call Ada", family: str = "") -> Candidate:
    text = text or TEXT.format(name)
    return Candidate(name, "shop", family or name, [text], [("note", {"text": note})], name)


def drop(*tasks: Candidate, caps: Caps = Caps(), texts: tuple[str, ...] = ()) -> Sieve:
    index = Index()
    index.add("bench", texts)
    return sift(tasks, index, caps, SPECS)


def test_good_tasks_stay() -> None:
    assert drop(task("a"), task("b", "A violin waits at the harbor")).dropped == {}


def test_one_unreal_value_drops_the_family() -> None:
    sieve = drop(task("a", family="f"), task("b", note="foo", family="f"), task("c"))
    assert sieve.dropped == dict.fromkeys("ab", "unreal values")
    assert sieve.evidence == {"b": "note.text: the placeholder 'foo'"}


def test_a_shared_gram_drops_the_family_and_is_counted_once() -> None:
    copied = TEXT.format("someone else")
    sieve = drop(
        task("a", family="f"), task("b", family="f"), task("c", "Good day"), texts=(copied,)
    )
    assert sieve.dropped == dict.fromkeys("ab", "in a benchmark")
    assert [(hit.source, hit.kind) for hit in sieve.hits] == [("bench", "gram")]
    assert "the copper lamp" in sieve.evidence["a"]


def test_caps_count_families_not_tasks() -> None:
    twins = [task(name, TEXT.format("Ada"), family=name[0]) for name in ("a1", "a2", "b1", "b2")]
    assert drop(*twins, caps=Caps(shape=None, near=1)).dropped == dict.fromkeys(
        ["b1", "b2"], "near"
    )
    assert drop(*twins, caps=Caps(shape=None, near=2)).dropped == {}
    assert drop(*twins, caps=Caps(shape=None, near=1)).counts() == {"near": 2}


def test_a_final_state_of_a_benchmark_drops_the_family_and_is_counted_apart() -> None:
    state = {"notes": [{"id": 1, "text": "The copper lamp flickers"}]}
    index = Index()
    index.add_states("bench", [({"notes": []}, state)])
    left = footprint({"notes": []}, state)
    copied = [replace(task("a", family="f"), left=left), task("b", family="f"), task("c", "Hello")]
    sieve = sift(copied, index, Caps(), SPECS)
    assert sieve.counts() == {"leaves what a benchmark leaves": 2}
    assert sieve.evidence == {"a": "bench state: text the copper lamp flickers"}
