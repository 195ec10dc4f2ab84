"""What the Linux kernel can take away from a process, through ctypes: Landlock, seccomp, prctl."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SECCOMP_SET_MODE_FILTER = 1
RET_KILL, RET_ERRNO, RET_ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
PROT_EXEC = 4
LANDLOCK_CREATE, LANDLOCK_RESTRICT_SELF, LANDLOCK_VERSION = 444, 446, 1

LD, JEQ, JSET, RET = 0x20, 0x15, 0x45, 0x06
OFFSET_NUMBER, OFFSET_ARCH, OFFSET_ARG2 = 0, 4, 32

ARCHES: Mapping[str, tuple[int, int]] = {"x86_64": (0xC000003E, 317), "aarch64": (0xC00000B7, 277)}
"""Machine -> (audit architecture, number of the seccomp call)."""
ALLOWED: Mapping[str, tuple[int, ...]] = {
    # read write close munmap brk rt_sigprocmask rt_sigreturn mremap sched_yield madvise getpid
    # exit gettimeofday futex clock_gettime exit_group
    "x86_64": (0, 1, 3, 11, 12, 14, 15, 25, 24, 28, 39, 60, 96, 202, 228, 231),
    "aarch64": (63, 64, 57, 215, 214, 135, 139, 216, 124, 233, 172, 93, 169, 98, 113, 94),
}
NOT_EXECUTABLE: Mapping[str, tuple[int, ...]] = {"x86_64": (9, 10), "aarch64": (222, 226)}
"""mmap and mprotect: allowed without PROT_EXEC."""


def machine() -> str:
    """Return the architecture's name where its system-call table is known, else ''."""
    name = platform.machine()
    return name if platform.system() == "Linux" and name in ARCHES else ""


def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> bool:
    """Set one process attribute; False where the kernel refuses."""
    zero = ctypes.c_ulong(0)
    return bool(libc().prctl(option, ctypes.c_ulong(value), zero, zero, zero) == 0)


def call(number: int, *given: int | bytes | None) -> int:
    """Make a system call; numbers go as whole registers, which ctypes would leave half filled."""
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in given]
    return int(libc().syscall(ctypes.c_long(number), *words))


def landlock_version() -> int:
    """Return Landlock's ABI version, 0 where the kernel has none."""
    if not machine():
        return 0
    return max(0, call(LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION))


def deny_files_and_ports() -> int:
    """Forbid every file, TCP port, outside signal and abstract socket; return the ABI or 0."""
    version = landlock_version()
    if not version:
        return 0
    files = (1 << (13 + (version >= 2) + (version >= 3))) - 1 | (0x8000 if version >= 5 else 0)
    rules = struct.pack("<QQQ", files, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    handle = call(LANDLOCK_CREATE, rules, len(rules), 0)
    if handle < 0:
        return 0
    done = call(LANDLOCK_RESTRICT_SELF, handle, 0)
    os.close(handle)
    return version if done == 0 else 0


def filter_program(name: str) -> bytes:
    """Assemble the allow-list: a wrong architecture kills, everything unlisted is EPERM."""
    refuse = op(RET, RET_ERRNO | errno.EPERM)
    allow = op(RET, RET_ALLOW)
    code = [op(LD, OFFSET_ARCH), op(JEQ, ARCHES[name][0], 1, 0), op(RET, RET_KILL)]
    code.append(op(LD, OFFSET_NUMBER))
    for number in ALLOWED[name]:
        code += [op(JEQ, number, 0, 1), allow]
    for number in NOT_EXECUTABLE[name]:
        code += [op(JEQ, number, 0, 4), op(LD, OFFSET_ARG2), op(JSET, PROT_EXEC, 1, 0)]
        code += [allow, refuse]
    return b"".join([*code, refuse])


def op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", code, then, otherwise, value)


def filter_calls() -> bool:
    """Install the allow-list of system calls for the rest of this process's life."""
    name = machine()
    if not name:
        return False
    code = filter_program(name)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    return call(ARCHES[name][1], SECCOMP_SET_MODE_FILTER, 0, program) == 0
