"""The layers around foreign Python: each is tried, what took hold is told, nothing is assumed."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from synth.sandbox import kernel

NOBODY = 65534
CHANNEL = 3
LIMITS: Mapping[str, int] = {
    "RLIMIT_FSIZE": 0,
    "RLIMIT_NOFILE": 16,
    "RLIMIT_NPROC": 0,
    "RLIMIT_CORE": 0,
    "RLIMIT_MEMLOCK": 0,
    "RLIMIT_MSGQUEUE": 0,
}
EVENTS = frozenset(
    {
        "compile",
        "exec",
        "import",
        "builtins.id",
        "array.__new__",
        "marshal.dumps",
        "marshal.loads",
        "sys._getframe",
        "sys.excepthook",
        "sys.unraisablehook",
        "object.__getattr__",
        "object.__setattr__",
        "object.__delattr__",
    }
)
"""What Python may announce to the tripwire without being stopped."""
REQUIRED = ("seccomp", "rlimits", "no_new_privs")


def keep_only(channel: int) -> None:
    """Leave the process one file, the channel; standard streams lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    if channel != CHANNEL:
        os.dup2(channel, CHANNEL)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.closerange(CHANNEL + 1, 65_536)


def apply_kernel_layers(
    memory_mb: int, cpu_s: int, without: Collection[str] = ()
) -> dict[str, Any]:
    """Give up everything for good, in the order that the kernel asks for; say what held.

    `without` names layers to leave out, so that the others can be tried alone.
    """
    steps: Mapping[str, Callable[[], Any]] = {
        "uid": drop_user,
        "rlimits": lambda: set_limits(memory_mb, cpu_s),
        "no_new_privs": lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1),
        "landlock": kernel.deny_files_and_ports,
        "hidden": hide,
        "seccomp": kernel.filter_calls,
    }
    return {name: step() if name not in without else False for name, step in steps.items()}


def hide() -> bool:
    """Die with the fork server, and let no process of the same user look inside."""
    dies = kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    return kernel.prctl(kernel.PR_SET_DUMPABLE, 0) and dies


def drop_user() -> bool:
    """Become nobody where we are root; True unless the process still is root."""
    if os.geteuid() != 0:
        return True
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        return False
    return True


def set_limits(memory_mb: int, cpu_s: int) -> bool:
    """Bound memory, processor seconds, files and processes."""
    wanted = {**LIMITS, "RLIMIT_AS": memory_mb * 2**20, "RLIMIT_CPU": cpu_s}
    try:
        for name, value in wanted.items():
            number = getattr(resource, name, None)
            if number is not None:
                resource.setrlimit(number, (value, value))
    except (ValueError, OSError):
        return False
    return True


def set_tripwire(tell: Callable[[str], None]) -> None:
    """End the process at the first thing Python announces that no tool needs.

    A tripwire, not a wall: it names attempts. What holds are the kernel's layers. (A syntax
    error makes Python look for the file "<tool>" to quote its line: no attempt.)
    """
    stop, allowed = os._exit, EVENTS

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        source = event == "open" and str(arguments[0]).startswith("<")
        if event not in allowed and not source:
            tell(event)
            stop(77)

    sys.addaudithook(watch)


def lacking(held: Mapping[str, Any]) -> list[str]:
    """Return the layers without which nothing foreign may run."""
    return [name for name in REQUIRED if not held.get(name)]


def trials() -> dict[str, bool]:
    """Try, from inside, what must not work; True = refused."""
    import socket

    def refused(attempt: Callable[[], Any]) -> bool:
        try:
            attempt()
        except OSError:
            return True
        return False

    return {
        "open": refused(lambda: os.open("/etc/passwd", os.O_RDONLY)),
        "socket": refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        "kill": refused(lambda: os.kill(os.getpid(), 0)),
        "exec": refused(lambda: os.execv("/bin/true", ["true"])),
        "list": refused(lambda: os.listdir("/")),
    }
