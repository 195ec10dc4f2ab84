"""python -m harness.packs pull|list|verify: fetch and check benchmark data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.faults import UserMistake
from harness.packs import cached_at, locate, pack_names, pack_spec
from harness.packs.pull import pull_pack


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        commands = {"pull": pull, "list": show, "verify": verify}
        return commands[args.command](args)
    except UserMistake as mistake:
        print(f"harness.packs: {mistake}", file=sys.stderr)
        return 2


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.packs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    puller = commands.add_parser("pull", help="fetch packs into the cache (or a folder)")
    puller.add_argument("names", nargs="+", metavar="NAME", help=f"of: {', '.join(pack_names())}")
    puller.add_argument("--to", type=Path, help="a folder to fill, for machines without a network")
    puller.add_argument(
        "--from", dest="source", type=Path, help="a local wheel, archive or unpacked folder"
    )
    commands.add_parser("list", help="show every pack, its version, licence and place")
    verifier = commands.add_parser("verify", help="hash every file and compare with the list")
    verifier.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")
    return parser.parse_args(argv)


def pull(args: argparse.Namespace) -> int:
    for name in args.names:
        folder = pull_pack(pack_spec(name), args.source, args.to)
        print(f"{name}: {folder}")
    return 0


def show(args: argparse.Namespace) -> int:
    for name in pack_names():
        spec = pack_spec(name)
        try:
            pack = locate(name)
            place = f"{pack.root} ({pack.origin}{'' if pack.verified else ', not the listed hash'})"
        except UserMistake:
            place = "not here" if not cached_at(spec).exists() else "damaged"
        print(f"{name:12} {spec.version:12} {spec.licence:12} {place}")
    return 0


def verify(args: argparse.Namespace) -> int:
    names = args.names or [name for name in pack_names() if cached_at(pack_spec(name)).exists()]
    for name in names:
        pack = locate(name)
        state = "ok" if pack.verified else f"differs from the list ({pack.tree_sha256[:12]})"
        print(f"{name}: {len(pack.sha256)} files in {pack.root}: {state}")
        if not pack.verified:
            return 1
    if not names:
        print("no pack is in the cache: python -m harness.packs pull NAME")
    return 0


if __name__ == "__main__":
    sys.exit(main())
