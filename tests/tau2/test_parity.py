"""The parity commands: no mismatch on the recorded verdicts, and a changed record is noticed."""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from evaluators.tau2 import parity, parity_dialogues, parity_tools, parity_trajectories
from tests.tau2.data import needs_pack, oracle

pytestmark = needs_pack
COMMANDS = {
    "tools": parity_tools,
    "trajectories": parity_trajectories,
    "dialogues": parity_dialogues,
}


def rows(command: str) -> Iterator[Any]:
    return parity.read_rows(oracle(f"tau2_{command}.jsonl.gz"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_part_of_the_records_agrees(command: str) -> None:
    differences = {
        given["id"]: found
        for given in islice(rows(command), 0, None, 7)
        if (found := list(COMMANDS[command].compare(given)))
    }
    assert differences == {}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_all_records_agree(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(oracle(f"tau2_{command}.jsonl.gz"))
    assert parity.main([command, path]) == 0
    assert capsys.readouterr().out.endswith(" rows, 0 mismatches\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [("error", None), ("output", "x"), ("output_len", 7), ("output_sha256", "0"), ("db_hash", "0")],
)
def test_a_changed_tool_record_is_noticed(field: str, value: Any) -> None:
    wanted = {"db_hash", "output", "output_sha256"}
    given = next(r for r in rows("tools") if wanted <= set(r) and r["domain"] == "mock")
    changed = {**given, field: not given["error"] if field == "error" else value}
    assert list(COMMANDS["tools"].compare(given)) == []
    assert list(COMMANDS["tools"].compare(changed))
    fewer = {key: changed[key] for key in changed if key != field}
    assert list(COMMANDS["tools"].compare(fewer)) == []


@pytest.mark.parametrize("field", ["reward", "breakdown", "db_match", "tool_err", "tool_sha"])
def test_a_changed_verdict_is_noticed(field: str) -> None:
    given = next(r for r in rows("trajectories") if r["kind"] == "gold" and r["domain"] == "retail")
    changed = {**given, "official": {**given["official"], field: "changed"}}
    assert list(COMMANDS["trajectories"].compare(changed))


@pytest.mark.parametrize(
    "field", ["termination_reason", "messages", "steps", "consumed", "views", "reward", "db"]
)
def test_a_changed_dialogue_is_noticed(field: str) -> None:
    given = next(r for r in rows("dialogues") if not r["official"]["exception"])
    wrong = {"messages": [], "consumed": {}, "views": {}, "steps": -1}.get(field, "changed")
    changed = {**given, "official": {**given["official"], field: wrong}}
    assert list(COMMANDS["dialogues"].compare(changed))


def test_the_command_counts_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = next(rows("tools"))
    bad = {**good, "error": not good["error"]}
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_text(json.dumps(good) + "\n\n")
    with gzip.open(packed, "wt") as file:
        file.write(json.dumps(bad) + "\n")
    assert parity.main(["tools", str(plain)]) == 0
    assert parity.main(["tools", str(plain), str(packed), "--show", "1"]) == 1
    out = capsys.readouterr().out
    assert "2 rows, 1 mismatches" in out
    assert good["id"] in out


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "x.jsonl"
    broken.write_text("{}\nnot json\n")
    with pytest.raises(parity.UserMistake, match="line 2"):
        list(parity.read_rows(broken))
    with pytest.raises(parity.UserMistake, match="no such file"):
        list(parity.read_rows(tmp_path / "none.jsonl"))
    with pytest.raises(parity.UserMistake, match="is a folder"):
        list(parity.read_rows(tmp_path))
    broken.write_bytes(gzip.compress(b"{}\n" * 100_000)[:200])
    with pytest.raises(parity.UserMistake, match="not JSON lines"):
        list(parity.read_rows(broken))
    broken.write_text("[1]\n")
    with pytest.raises(parity.UserMistake, match="an object was expected, not list"):
        list(parity.read_rows(broken))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_row_that_cannot_be_played_is_one_line(command: str) -> None:
    module = COMMANDS[command]
    given = next(rows(command))
    fewer = {name: given[name] for name in module.NEEDED}
    assert parity.compare_all(module.compare, [fewer], 0, module.NEEDED)[1] == 0
    for name in module.NEEDED:
        less = {key: given[key] for key in module.NEEDED if key != name}
        with pytest.raises(parity.UserMistake, match=f"row 1 lacks the field {name}"):
            parity.compare_all(module.compare, [less], 0, module.NEEDED)


def test_the_start_of_a_long_output_needs_no_length() -> None:
    given = next(r for r in rows("tools") if r["output_len"] > 1200 and "output" in r)
    fewer = {key: given[key] for key in (*parity_tools.NEEDED, "output")}
    assert list(parity_tools.compare(fewer)) == []
    assert list(parity_tools.compare({**fewer, "output": "x" + fewer["output"][1:]}))
    assert list(parity_tools.compare({**fewer, "output": fewer["output"][:299]}))
