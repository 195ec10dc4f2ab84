"""The sandbox under attack: with everything on, and each of its walls alone."""

from __future__ import annotations

import os
import platform
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.faults import ModelFault
from synth.sandbox import Broken, Limits, Worker, probe
from synth.sandbox.kernel import ALLOWED, NOT_EXECUTABLE, filter_program, machine
from synth.sandbox.process import shared
from synth.sandbox.replies import checked_reply
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
    "page faults in user space",
    "be traced",
    "memory shared by number",
    "a message queue",
    "the kernel's key ring",
    "the kernel's programs",
    "own memory as a file",
    "parent's memory as a file",
    "another root",
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
    (tmp_path / "way").symlink_to("/etc/passwd")
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
    assert {path.name for path in folder.iterdir()} == {"mine", "way"}


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
    "a pickle": "b\"cos\\nsystem\\n(S'id'\\ntR.\"",
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


def test_a_well_formed_forgery_is_found_by_its_echo() -> None:
    """What it says in its own turn cannot be told from an honest answer; the second one can."""
    forge = """
import json
body = b'{"n": 2, "reply": {"ok": "1", "state": null}}'
json.codecs.sys.modules["os"].write(3, len(body).to_bytes(4, "little") + body)
"""
    worker = Worker(WALL)
    worker.load({"evil": tool(forge)}, {})
    with pytest.raises(Broken, match="out of turn"):
        [worker.call("evil", {}, {}) for _ in range(2)]


OS = "import json; sys = json.codecs.sys; os = sys.modules['os']\n"
BOMBS = {
    "atexit": OS
    + "import_ = sys.modules['builtins'].__import__\n"
    + "import_('atexit').register(lambda: os.write(3, b'boom'))\nreturn 1",
    "finalizer": OS
    + """
class Bomb:
    def __del__(self):
        body = b'{"n": 3, "reply": {"ok": "666", "state": null}}'
        os.write(3, len(body).to_bytes(4, "little") + body)
sys.bomb = [Bomb()]
globals_ = sys.modules["tool_evil"].__dict__
globals_["kept"] = Bomb()
return 1
""",
    "a thread of its own": OS
    + "sys.modules['_thread'].start_new_thread(os.write, (3, b'boom'))\nreturn 1",
    "a signal handler": OS
    + "sys.modules['_signal'].signal(14, lambda *_: os.write(3, b'boom'))\nreturn 1",
    "a hook on every line": OS + "sys.settrace(lambda *_: os.write(3, b'boom') and None)\nreturn 1",
    "a collector's hook": OS
    + "gc = sys.modules['gc']; gc.callbacks.append(lambda *_: os._exit(9)); gc.collect()\nreturn 1",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_left_behind_to_go_off_later_reaches_no_later_answer(name: str) -> None:
    """The worker may die of it. What a class gives in its own turn is its own answer, whoever of
    it speaks; the second answer to one call ends it."""
    for limits in (Limits(seconds=1), Limits(seconds=1, without=("tripwire",))):
        worker = Worker(limits)
        worker.load({"evil": tool(BOMBS[name])}, {})
        answers = []
        with suppress(Broken):
            for _ in range(4):
                answers.append(worker.call("evil", {}, {}).text)
        worker.end()
        assert "boom" not in answers
        assert "666" not in answers[:-1]
        assert len(answers) < 4 or set(answers) == {"1"} or "Error" in answers[0]
    assert answer_of("return 5", Limits()) == "ok: 5"


def test_a_worker_that_spins_after_its_answer_is_ended_by_the_kernel() -> None:
    text = OS + "os.read = lambda *_: [None for _ in iter(int, 1)]\nreturn 1"
    worker = Worker(Limits(without=("tripwire",), cpu_s=1, seconds=5))
    worker.load({"evil": tool(text)}, {})
    assert worker.call("evil", {}, {}).text == "1"
    with pytest.raises(Broken, match=r"ended|listen"):
        worker.call("evil", {}, {})


@pytest.mark.parametrize("pause", [0, 10_000])
def test_an_answer_that_comes_in_drops_is_not_waited_for(pause: int) -> None:
    text = f"""
import json
os = json.codecs.sys.modules["os"]
os.write(3, (900_000).to_bytes(4, "little"))
while True:
    sum(range({pause}))
    os.write(3, b" ")
"""
    started = time.monotonic()
    told = answer_of(text, Limits(without=("tripwire",), seconds=0.4))
    assert "ran out of time" in told or "no JSON" in told
    assert time.monotonic() - started < 5


HOSTILE_TEXTS = {
    "control characters": ("'\\x1b[2J\\x00gone\\n'", " [2J gone "),
    "half a character": ("'a\\ud800b'", "a b"),
    "without end": ("'x' * 500_000", "x" * 2_000),
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_refusals_are_bounded_plain_text(name: str) -> None:
    given, expected = HOSTILE_TEXTS[name]
    assert answer_of(f"raise ToolError({given})", Limits()) == f"refused: {expected}"


RESULTS = {
    "nested": "'[' * 100_000 + ']' * 100_000",
    "no JSON": "'{1}'",
    "no number": "'[NaN]'",
    "half a character": "'\"\\\\ud800\"'",
    "a long number": "'9' * 10_000",
    "a pickle": "\"cos\\nsystem\\n(S'id'\\ntR.\"",
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_forged_result_that_is_no_json_is_a_crash(name: str) -> None:
    text = f"""
import json
body = json.dumps({{"n": 2, "reply": {{"ok": {RESULTS[name]}, "state": None}}}}).encode()
os = json.codecs.sys.modules["os"]
os.write(3, len(body).to_bytes(4, "little") + body)
os._exit(0)
"""
    told = answer_of(text, WALL)
    assert told.startswith(("crashed: the result is no JSON", "broken")), told
    data = {"ok": eval(RESULTS[name]), "state": None}
    reply = checked_reply(data)
    assert reply is not None
    assert reply.kind == "crashed"


def test_a_crash_names_no_place_of_this_machine() -> None:
    told = answer_of("from json import nothing", Limits(without=("tripwire",)))
    assert "cannot import name 'nothing'" in told
    assert str(Path(os.__file__).parent) not in told
    assert "…" in told


def verdict(number: int, architecture: int, protection: int = 0) -> int:
    """Run the filter on one system call, as the kernel would."""
    code = [struct.unpack("<HBBI", part) for part in batched(filter_program("x86_64"), 8)]
    words = {0: number, 4: architecture, 32: protection}
    at, accumulator = 0, 0
    while True:
        kind, then, otherwise, value = code[at]
        at += 1
        if kind == 0x20:
            accumulator = words[value]
        elif kind == 0x15:
            at += then if accumulator == value else otherwise
        elif kind == 0x45:
            at += then if accumulator & value else otherwise
        else:
            assert kind == 0x06
            return value


def batched(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_the_filter_allows_its_list_and_nothing_else_at_all() -> None:
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    native, older = 0xC000003E, 0x40000003
    allowed = {n for n in range(2_048) if verdict(n, native) == allow}
    assert allowed == {*ALLOWED["x86_64"], *NOT_EXECUTABLE["x86_64"]}
    assert len(allowed) == 18
    assert {verdict(n, native) for n in range(2_048) if n not in allowed} == {refuse}
    assert {verdict(n | 0x40000000, native) for n in range(2_048)} == {refuse}
    assert {verdict(n, older) for n in range(2_048)} == {kill}
    for number in NOT_EXECUTABLE["x86_64"]:
        assert {verdict(number, native, p) for p in range(4)} == {allow}
        assert {verdict(number, native, p | 4) for p in range(4)} == {refuse}
        assert verdict(number, native, 0x1000004) == refuse


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
from synth.sandbox.replies import checked_reply
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


def test_workers_dropped_in_the_middle_of_an_order_are_ended_after_it() -> None:
    """The garbage collector may run while this very thread holds the server's lock."""
    server = shared()
    workers = [Worker() for _ in range(2)]
    pids = [w._finish.peek()[2][1] for w in workers]  # type: ignore[index]
    with server.lock:
        workers.clear()
        assert sorted(server.retired) == sorted(pids)
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    Worker().end()
    assert not server.retired
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


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
from synth.sandbox.replies import checked_reply
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
