"""The client's benchmark measures real calls, and the dispatcher names what it runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from harness.bench import client


def test_both_cases_are_measured() -> None:
    cost, flow = client.run(["--calls", "64", "--connections", "16", "--latency_ms", "20"])
    assert cost["cpu_ms_per_call"] == pytest.approx(1000 * cost["cpu_s"] / 64, abs=0.001)
    assert cost["peak_rss_mib"] > 10
    assert 0 < flow["share_of_ideal"] <= 1.0
    assert flow["wall_s"] >= 0.08


def test_the_request_has_the_promised_size() -> None:
    tools = client.make_tools()
    assert len(tools) == client.TOOLS
    specs = json.dumps([[t.name, t.description, t.parameters] for t in tools])
    assert 12_000 < len(specs) + len(client.make_system(tools)) < 15_000


def test_the_dispatcher_prints_json_lines_or_the_names() -> None:
    run = [sys.executable, "-m", "harness.bench"]
    unknown = subprocess.run([*run, "nothing"], capture_output=True, text=True)
    assert unknown.returncode == 2
    assert "client" in unknown.stderr
    done = subprocess.run(
        [*run, "client", "--calls", "8", "--connections", "4", "--latency_ms", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["case"] for line in lines] == ["cost", "throughput"]
    keys = {"bench", "cpu_s", "wall_s", "peak_rss_mib", "commit", "date", "python", "machine"}
    assert all(keys <= set(line) for line in lines)
