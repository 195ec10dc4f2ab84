"""The whole command against a loopback OpenAI-compatible server: k = 4 trials and their table."""

import csv
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.__main__ import main
from tests.tau2.data import needs_pack

pytestmark = needs_pack
WISH = {"user_id": "user_1", "title": "Important Meeting"}


def agent_says(messages: list[Any]) -> Any:
    """Create the wished task once, then report."""
    if any(message["role"] == "tool" for message in messages):
        return {"role": "assistant", "content": "It is done."}
    function = {"name": "create_task", "arguments": json.dumps(WISH)}
    call = {"id": "call_1", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def user_says(messages: list[Any]) -> Any:
    heard = messages[-1]["content"]
    text = "###STOP###" if heard == "It is done." else "Create a task for me."
    return {"role": "assistant", "content": text}


class Endpoint(BaseHTTPRequestHandler):
    """Plays both seats; who is asked shows in the system text."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        system = body["messages"][0]["content"]
        answer = user_says if "<scenario>" in system else agent_says
        message = answer(body["messages"])
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        text = json.dumps({"id": "1", "object": "c", "choices": [choice], "usage": usage})
        self.reply(text)

    def do_GET(self) -> None:
        self.reply(json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}))

    def reply(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def test_four_trials_give_the_pass_k_table(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    status = main(
        [
            "benchmark=tau2",
            "benchmark.tau2.build.domains=[mock]",
            "model=openai",
            "model.model=m",
            f"model.base_url={url}",
            "model@user_model=openai",
            "user_model.model=m",
            f"user_model.base_url={url}",
            "sample=null",
            "trials=4",
            f"run={folder}",
        ]
    )
    assert status == 0
    with (folder / "table.csv").open() as file:
        rows = {row["domain"]: row for row in csv.DictReader(file)}
    assert [rows["mock"][f"pass^{k}"] for k in (1, 2, 3, 4)] == ["0.3"] * 4
    assert rows["mock"]["trials_scored"] == "40"
    outcomes = [
        json.loads(line)
        for path in (folder / "outcomes").glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    passed = {outcome["task_id"] for outcome in outcomes if outcome["status"] == "pass"}
    creating = ("create_task_1", "create_task_1_nl_eval", "create_task_1_with_env_assertions")
    assert passed == {f"mock/{task}" for task in creating}
    assert {outcome["end"] for outcome in outcomes} == {"user_stop"}


def test_a_plan_counts_replies_by_the_gold_and_misses_the_user(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["benchmark=tau2", "benchmark.tau2.build.domains=[airline]", "plan=true", "trials=1"]
    assert main([*options, "sample=null"]) == 0
    told = capsys.readouterr().out
    calls = int(next(line for line in told.splitlines() if "tau2 " in line).split("│")[4])
    assert calls > 50 * 6
    assert "missing: tau2's user is a model: set model@user_model=" in told
    assert main([*options, "sample=2", "benchmark.tau2.build.user=scripted"]) == 0
    assert "missing" not in capsys.readouterr().out
