import json
from pathlib import Path

import pytest

from evaluators.tau2.v1.texts import gold_calls, user_texts
from harness.packs import locate
from synth import decontaminate
from synth.decontaminate import Hit, Index, Sample, build_index, count_hits, sign
from synth.footprints import footprint, is_specific
from tests.fakes.packs import has_pack
from tests.fakes.tau_bench_folder import write_folder

QUERY = "Please move the quarterly report into the archive folder before noon today"


@pytest.fixture
def index() -> Index:
    found = Index()
    calls = [
        ("post", {"text": "The meeting moved to Friday", "tags": ["#Work"]}),
        ("start", {"mode": "on"}),
    ]
    found.add(
        "bench", [QUERY, "What is my first name?", "Hi", "明天下午一点半 30 分 12 秒 7 点"], calls
    )
    return found


def hit(index: Index, *texts: str, calls: list[tuple[str, dict[str, object]]] | None = None) -> str:
    found = index.hit(Sample("s", texts, calls or []))
    return found.kind if found else ""


def test_eight_shared_tokens_are_a_hit_whatever_case_and_punctuation(index: Index) -> None:
    assert hit(index, "Hello! MOVE the quarterly report; into the archive, folder.") == "gram"


def test_seven_shared_tokens_are_none(index: Index) -> None:
    assert hit(index, "Hello! move the quarterly report into the archive, then stop there") == ""


def test_the_second_text_of_a_sample_counts_too(index: Index) -> None:
    assert hit(index, "Hello there", QUERY) == "gram"


def test_short_queries_match_whole_only(index: Index) -> None:
    assert hit(index, "what is MY first name") == "query"
    assert hit(index, "what is my first name again") == ""


def test_greetings_and_numbers_of_other_scripts_are_no_queries(index: Index) -> None:
    assert hit(index, "Hi", "30 12 7") == ""


def test_a_gold_call_with_telling_arguments_is_a_hit(index: Index) -> None:
    copied = ("post", {"tags": ["work"], "text": "the meeting moved to friday"})
    assert hit(index, "Say it", calls=[copied]) == "call"
    assert hit(index, "Say it", calls=[("post", {**copied[1], "text": "We meet at noon"})]) == ""
    assert hit(index, "Say it", calls=[("start", {"mode": "on"})]) == ""


def test_whole_numbers_are_the_same_as_integers() -> None:
    assert sign(("pay", {"to": "Ada B C", "sum": 5.0})) == sign(
        ("pay", {"sum": 5, "to": "ada b c"})
    )
    assert sign(("pay", {"to": "Ada B C", "sum": 5.5})) != sign(
        ("pay", {"sum": 5, "to": "ada b c"})
    )


def test_hits_are_counted_per_source_and_kind() -> None:
    hits = [Hit("1", "a", "gram", ""), Hit("2", "a", "gram", ""), Hit("3", "b", "call", "")]
    assert count_hits(hits) == {"a": {"gram": 2}, "b": {"call": 1}}


def test_every_benchmark_here_is_checked_and_every_absent_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "vita" / "domains" / "delivery"
    folder.mkdir(parents=True)
    task = {"instructions": "You want rice noodles without anything fried in it delivered at noon"}
    (folder / "tasks_en.json").write_text(json.dumps([task]))
    monkeypatch.setenv("HARNESS_PACKS", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "none"))
    index, coverage = build_index()
    assert coverage.checked == {"vita": {"grams": 5, "queries": 0, "calls": 0, "states": 0}}
    assert "vita" in coverage.partial
    assert set(coverage.unchecked) >= {"bfcl", "tau2"}
    assert set(coverage.checked) | set(coverage.unchecked) == set(decontaminate.benchmarks())
    copied = Sample("s", ["I want rice noodles without anything fried in it, please"])
    found = index.hit(copied)
    assert found is not None
    assert found.source == "vita"


def test_a_pack_may_name_the_module_of_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "tau_bench")
    monkeypatch.setenv("HARNESS_PACKS", str(tmp_path))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "none"))
    index, coverage = build_index()
    assert coverage.checked["tau_bench"].keys() == {"grams", "queries", "calls", "states"}
    (text, *_) = user_texts(tmp_path / "tau_bench")
    found = index.hit(Sample("s", [text]))
    assert found is not None
    assert found.source == "tau_bench"
    assert list(gold_calls(tmp_path / "tau_bench"))


@pytest.mark.parametrize("name", ["bfcl", "tau2"])
def test_gold_is_found_by_what_it_leaves(name: str) -> None:
    if not has_pack(name):
        pytest.skip(f"pack {name} is not on this machine")
    module = decontaminate.benchmarks()[name]
    assert module is not None
    index = Index()
    states = list(module.final_states(locate(name).root))
    index.add_states(name, states)
    assert index.sizes()["states"] > 100
    told = [found for one in states if is_specific(found := footprint(*one))]
    assert all(index.hit(Sample("s", [], (), found)) for found in told)
    assert index.hit(Sample("s", [], (), footprint(*(reversed(states[0]))))) is None
