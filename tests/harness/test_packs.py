import http.server
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from harness.faults import UserMistake
from harness.packs import Pack, PackSpec, file_hashes, locate, pack_spec, tree_hash
from harness.packs.pull import download, pull_pack

FILES = {"data/a.json": "[1]", "data/sub/b.json": "{}", "readme.txt": "not content"}


def fill(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def spec_of(folder: Path, **changes: object) -> PackSpec:
    fields: dict[str, object] = {
        "name": "toy",
        "version": "1",
        "licence": "MIT",
        "source": {"archive": "http://127.0.0.1:9/none"},
        "content": "data",
        "tree_sha256": tree_hash(file_hashes(folder, "data")),
    }
    return PackSpec(**(fields | changes))  # type: ignore[arg-type]


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in FILES:
            archive.write(folder / name, name)
    return path


def tarred(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "toy-abc123")
    return path


@pytest.mark.parametrize("kind", ["folder", "wheel", "archive"])
def test_a_local_source_becomes_a_checked_pack(tmp_path: Path, kind: str) -> None:
    folder = fill(tmp_path / "raw")
    sources = {
        "folder": folder,
        "wheel": zipped(folder, tmp_path / "toy.whl"),
        "archive": tarred(folder, tmp_path / "toy.tar.gz"),
    }
    spec = spec_of(folder)
    goal = pull_pack(spec, sources[kind], tmp_path / "to")
    assert Pack(spec, goal, "cache", file_hashes(goal, "data")).verified
    assert pull_pack(spec, sources[kind], tmp_path / "to") == goal


def test_other_files_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    folder = fill(tmp_path / "raw")
    spec = spec_of(folder)
    (folder / "data" / "a.json").write_text("[2]")
    with pytest.raises(UserMistake, match="nothing was kept"):
        pull_pack(spec, folder, tmp_path / "to")
    assert [p.name for p in (tmp_path / "to").iterdir()] == [".toy.lock"]


def test_pulling_again_mends_a_damaged_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    folder = fill(tmp_path / "raw")
    spec = spec_of(folder)
    goal = pull_pack(spec, folder)
    (goal / "data" / "a.json").write_text("[2]")
    (goal / "data" / "more.json").write_text("[]")
    with pytest.raises(UserMistake, match="cannot be fetched"):
        pull_pack(spec)
    assert goal.is_dir(), "a failed repair loses nothing"
    assert pull_pack(spec, folder) == goal
    assert Pack(spec, goal, "cache", file_hashes(goal, "data")).verified
    assert [p.name for p in goal.parent.iterdir() if not p.name.startswith(".")] == ["toy-1"]


def test_a_folder_of_somebody_is_left_alone(tmp_path: Path) -> None:
    folder = fill(tmp_path / "raw")
    spec = spec_of(folder)
    goal = pull_pack(spec, folder, tmp_path / "to")
    assert pull_pack(spec, folder, tmp_path / "to") == goal
    (goal / "data" / "a.json").write_text("[2]")
    with pytest.raises(UserMistake, match="holds other files"):
        pull_pack(spec, folder, tmp_path / "to")
    assert (goal / "data" / "a.json").read_text() == "[2]"


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    folder = fill(tmp_path / "raw")
    broken = tmp_path / "toy.tar.gz"
    broken.write_bytes(tarred(folder, broken).read_bytes()[:60])
    with pytest.raises(UserMistake, match="cannot be unpacked"):
        pull_pack(spec_of(folder), broken, tmp_path / "to")


def test_byte_code_does_not_change_the_hash(tmp_path: Path) -> None:
    folder = fill(tmp_path / "raw")
    before = tree_hash(file_hashes(folder, "data"))
    (folder / "data" / "__pycache__").mkdir()
    (folder / "data" / "__pycache__" / "x.pyc").write_bytes(b"0")
    assert tree_hash(file_hashes(folder, "data")) == before


def test_unknown_and_misplaced_packs_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="choose from"):
        pack_spec("nonsense")
    with pytest.raises(UserMistake, match="wrong folder"):
        locate("bfcl", tmp_path)


def test_code_runs_only_from_the_listed_hash(tmp_path: Path) -> None:
    (tmp_path / "bfcl_eval").mkdir()
    (tmp_path / "bfcl_eval" / "x.py").write_text("print('other code')")
    with pytest.raises(UserMistake, match="damaged or another version"):
        locate("bfcl", tmp_path)


class Halting(http.server.BaseHTTPRequestHandler):
    """Serves 100 bytes; breaks the first full reply off after 40; answers ranges."""

    body: ClassVar[bytes] = bytes(range(100))
    broken: ClassVar[list[bool]] = []

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(100 - start))
        self.end_headers()
        if self.broken:
            self.wfile.write(self.body[start:])
        else:
            self.broken.append(True)
            self.wfile.write(self.body[:40])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Halting.broken.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Halting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x"
        server.shutdown()
        thread.join()


def test_a_broken_download_goes_on_where_it_stopped(tmp_path: Path, address: str) -> None:
    part = tmp_path / "x.part"
    with pytest.raises(UserMistake, match="run it again"):
        download(address, part)
    assert part.stat().st_size == 40
    download(address, part)
    assert part.read_bytes() == Halting.body


def test_an_unreachable_source_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="cannot be fetched"):
        download("http://127.0.0.1:9/none", tmp_path / "x.part")


def test_an_unwritable_cache_is_one_line(tmp_path: Path) -> None:
    folder = fill(tmp_path / "raw")
    with pytest.raises(UserMistake, match="HARNESS_CACHE"):
        pull_pack(spec_of(folder), folder, folder / "readme.txt" / "to")
