"""python -m harness: evaluate, synthesise, train. `--help` shows what can be chosen."""

from __future__ import annotations

import sys
from collections.abc import Sequence

HYDRA_FLAGS = ("-m", "--multirun", "-c", "--cfg", "-i", "--info", "--hydra-help", "--resolve")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one configuration, or hand sweeps to Hydra. Returns the process's exit status."""
    arguments = spell(sys.argv[1:] if argv is None else argv)
    if not {"-h", "--help"}.isdisjoint(arguments):
        from harness.usage import usage

        print(usage())
        return 0
    if any(argument.split("=")[0] in HYDRA_FLAGS for argument in arguments):
        from harness.sweep import sweep

        return sweep(arguments)
    from harness.launch import launch

    return launch(arguments)


def spell(arguments: Sequence[str]) -> list[str]:
    """Read `suite=[…]` as the benchmark group, which holds one benchmark or several."""
    return [f"benchmark={a[6:]}" if a.startswith("suite=") else a for a in arguments]


if __name__ == "__main__":
    sys.exit(main())
