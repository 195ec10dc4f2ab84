"""The sandbox under attack: with everything on, and each of its walls alone."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.faults import ModelFault
from synth.sandbox import Broken, Limits, Reply, Worker, probe
from synth.sandbox.kernel import filter_program, machine
from tests.synth.attacks import ATTACKS, SECRET, WORD, body, outside, tool

pytestmark = pytest.mark.skipif(
    not machine() or not probe()["seccomp"], reason="this kernel has no seccomp: nothing runs"
)
WALL = Limits(without=("tripwire",))
KERNEL_ONLY = Limits(without=("tripwire", "landlock", "uid"), memory_mb=300)
PRIVILEGED = {
    "become another user",
    "trace the parent",
    "a new user namespace",
    "kernel buffers",
    "read memory by process id",
}
ADD = """
class Add:
    def info(self):
        return {"name": "add", "parameters": {}}

    def invoke(self, a, b):
        print("noise")
        return {"sum": a + b}
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").write_text("precious")
    return tmp_path


def answer_of(text: str, limits: Limits, source: str = "") -> str:
    """Load and call a hostile tool; returns what came of it."""
    try:
        worker = Worker(limits)
        worker.load({"evil": source or tool(text)}, {})
        reply = worker.call("evil", {}, {})
        worker.end()
        return f"{reply.kind}: {reply.text}"
    except Broken as broken:
        return f"broken: {broken}"


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_inside(name: str, folder: Path, port: int) -> None:
    text = body(name, folder, port, platform.machine())
    for limits in (Limits(), WALL, KERNEL_ONLY):
        assert WORD not in answer_of(text, limits)
    assert (folder / "mine").read_text() == "precious"
    assert not (folder / "new").exists()


@pytest.mark.parametrize("name", ATTACKS)
def test_the_same_attack_works_outside(name: str, folder: Path, port: int) -> None:
    works = outside(body(name, folder, port, platform.machine()))
    if not works and name in PRIVILEGED:
        pytest.skip("this machine refuses it to everybody")
    assert works


def test_each_wall_refuses_files_and_programs_alone() -> None:
    found = probe()
    assert all(found["refuses"].values())
    assert all(found["alone"]["seccomp"].values())
    if found["landlock"]:
        alone = found["alone"]["landlock"]
        assert (alone["open"], alone["list"], alone["exec"]) == (True, True, True)
        assert not alone["socket"], "the trial cannot fail"


@pytest.mark.parametrize("layer", ["seccomp", "rlimits", "no_new_privs"])
def test_a_missing_layer_fails_closed(layer: str) -> None:
    with pytest.raises(ModelFault, match=f"lacks .*{layer}"):
        Worker(Limits(without=(layer,)))
    weak = Worker(Limits(without=(layer,), allow_weak=True))
    assert weak.layers[layer] is False
    weak.end()


def test_the_tripwire_names_the_attempt() -> None:
    text = "import json; json.codecs.open('/etc/passwd')"
    assert "the code tried open" in answer_of(text, Limits())


def test_modules_that_are_not_offered_cannot_be_imported() -> None:
    for name in ("os", "sys", "socket", "subprocess", "ctypes", "numpy"):
        assert f"the module {name} is not available" in answer_of(f"import {name}", Limits())
    assert "NameError" in answer_of("open('/etc/passwd')", Limits())


SLOW = {
    "loop": "while True: pass",
    "big number": "return len(str(7 ** 10 ** 8 % 3 ** 10 ** 7))",
    "pattern": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "generator": "sum(1 for _ in iter(int, 1))",
    "swallowed": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
}


@pytest.mark.parametrize("name", SLOW)
def test_a_call_that_does_not_end_is_ended(name: str) -> None:
    started = time.monotonic()
    assert "ran out of time" in answer_of(SLOW[name], Limits(seconds=0.3))
    assert time.monotonic() - started < 2


def test_sleep_is_refused_at_once() -> None:
    text = "import json; json.codecs.sys.modules['time'].sleep(60)"
    assert "PermissionError" in answer_of(text, WALL)


def test_processor_time_is_bounded_by_the_kernel_too() -> None:
    limits = Limits(seconds=20, cpu_s=1)
    assert "ended with status -9" in answer_of("while True: pass", limits)


DEATHS = {
    "exit": ("import json; json.codecs.sys.modules['os']._exit(3)", "status 3"),
    "system exit": ("raise SystemExit(3)", "SystemExit"),
    "stack": ("f = lambda: f()\nf()", "RecursionError"),
    "deep c stack": (
        "import json; json.codecs.sys.setrecursionlimit(10 ** 9)\nf = lambda: f()\nf()",
        "broken",
    ),
    "wild pointer": (
        "import json; json.codecs.sys.modules['ctypes'].string_at(1)",
        "ended with status -11",
    ),
    "huge output": ("return 'x' * 5_000_000", "bytes"),
    "deep output": ("x = []\nfor _ in range(100_000): x = [x]\nreturn x", "RecursionError"),
    "no json": ("return {1, 2}", "not JSON serializable"),
    "lone surrogate": ("return '\\ud800'", "surrogates not allowed"),
    "no number": ("return float('nan')", "not JSON compliant"),
}


@pytest.mark.parametrize("name", DEATHS)
def test_a_worker_that_dies_or_babbles_hurts_nobody(name: str) -> None:
    text, expected = DEATHS[name]
    assert expected in answer_of(text, Limits(without=("tripwire",), seconds=0.5))
    assert answer_of("", Limits(), ADD.replace("add", "evil")).startswith("crashed")


LIES = {
    "wrong turn": 'b\'{"n": 1, "reply": {"ok": "1", "state": null}}\'',
    "two answers": 'b\'{"n": 2, "reply": [{"ok": "1", "state": null}]}\'',
    "wrong shape": 'b\'{"n": 2, "reply": {"ok": 5, "state": null}}\'',
    "a refusal of no text": 'b\'{"n": 2, "reply": {"refused": ["a"]}}\'',
    "no state": 'b\'{"n": 2, "reply": {"ok": "1"}}\'',
    "unknown kind": 'b\'{"n": 2, "reply": {"passed": "1"}}\'',
    "nothing": 'b\'{"n": 2, "reply": null}\'',
    "no object": "b'[]'",
    "no json": "b'{'",
    "nested": "b'[' * 100_000",
    "long number": "b'9' * 10_000",
}


@pytest.mark.parametrize("name", LIES)
def test_a_forged_answer_ends_the_worker(name: str) -> None:
    text = f"""
import json
body = {LIES[name]}
json.codecs.sys.modules["os"].write(3, len(body).to_bytes(4, "little") + body)
"""
    assert answer_of(text, WALL).startswith("broken")


def test_an_announced_gigabyte_is_not_waited_for() -> None:
    text = "import json; json.codecs.sys.modules['os'].write(3, b'\\xff' * 4)"
    assert "announced" in answer_of(text, WALL)


def test_a_well_formed_forgery_is_found_at_the_next_call() -> None:
    """What it says in its own turn cannot be told from an honest answer; the echo can."""
    forge = """
import json
body = b'{"n": 2, "reply": {"ok": "1", "state": null}}'
json.codecs.sys.modules["os"].write(3, len(body).to_bytes(4, "little") + body)
"""
    worker = Worker(WALL)
    worker.load({"evil": tool(forge)}, {})
    assert worker.call("evil", {}, {}) == Reply("ok", "1")
    with pytest.raises(Broken, match="out of turn"):
        worker.call("evil", {}, {})


def test_nothing_is_printed_and_no_secret_is_inherited() -> None:
    code = """
from tests.synth.test_sandbox import ADD, FLOOD, tool
from synth.sandbox import Worker
worker = Worker()
worker.load({"add": ADD}, {})
assert worker.call("add", {"a": 1, "b": 2}, {}).text == '{"sum": 3}'
worker = Worker()
worker.load({"evil": tool(FLOOD)}, {})
print(worker.call("evil", {}, {}).text)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"SECRET": SECRET, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[0, 0]\n"


FLOOD = f"""
import json
sys, os = json.codecs.sys, json.codecs.sys.modules["os"]
print("noise")
sys.__stdout__ and sys.__stdout__.write("noise")
os.write(1, b"noise" * 1000); os.write(2, b"noise")
return [len(os.environ), sum({SECRET!r} in str(v) for v in sys.modules["__main__"].__dict__)]
"""


def test_workers_end_with_their_handle_and_with_their_owner() -> None:
    code = """
import os, sys
from synth.sandbox import Worker
from synth.sandbox.process import shared
workers = [Worker() for _ in range(3)]
print(shared().process.pid, *[w._finish.peek()[2][1] for w in workers], flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pids = [int(pid) for pid in done.stdout.split()]
    assert (len(pids), done.returncode) == (4, -9)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_dropped_handle_ends_its_worker() -> None:
    worker = Worker()
    pid = worker._finish.peek()[2][1]  # type: ignore[index]
    assert Path(f"/proc/{pid}").exists()
    del worker
    assert not Path(f"/proc/{pid}").exists()


def test_the_filter_is_short_and_ends_in_a_refusal() -> None:
    code = filter_program("x86_64")
    assert len(code) // 8 < 255
    assert code[-8:] == bytes.fromhex("0600000001000500")


def test_a_fork_server_that_was_killed_is_replaced() -> None:
    """In a process of its own: other tests share this one's server."""
    code = """
import os
from synth.sandbox import Broken, Worker
from synth.sandbox.process import shared
worker, first = Worker(), shared()
os.kill(first.process.pid, 9)
first.process.wait()
try:
    worker.call("x", {}, {})
except Broken as broken:
    print(broken)
print(Worker().layers["seccomp"], shared() is not first)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "True True"
    assert "the worker" in done.stdout.splitlines()[0]
