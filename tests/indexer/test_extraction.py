"""Extracting many files: one of them never costs more than itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from indexer import extraction
from indexer.crawl import CrawlOptions, FoundFile, crawl
from indexer.extraction import extract_files

# Given to every Python process that is started: one that opens poison.py is killed as by a crash or the kernel.
KILLED_BY_POISON = """
import os, signal
_open = os.open
def open(path, *arguments, **options):
    if str(path).endswith("poison.py"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _open(path, *arguments, **options)
os.open = open
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    for number in range(60):
        (folder / f"m{number:02}.py").write_text(f"def function_{number}():\n    return {number}\n")
    return folder


@pytest.fixture
def poisoned(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (root / "m03_poison.py").write_text("def never_read():\n    pass\n")
    (tmp_path / "sitecustomize.py").write_text(KILLED_BY_POISON)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return root


def found(root: Path) -> list[FoundFile]:
    return list(crawl(root, CrawlOptions()))


def test_processes_give_the_same_functions_as_this_process(root: Path) -> None:
    files = found(root)
    here = list(extract_files(root, files, CrawlOptions()))
    there = list(extract_files(root, files, CrawlOptions(), apart=True))
    assert sorted(here, key=lambda e: e.found.path) == sorted(there, key=lambda e: e.found.path)
    assert sum(len(extracted.functions) for extracted in here) == 60


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_a_file_that_kills_its_worker_costs_only_itself_even_while_the_caller_is_busy(
    poisoned: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(extraction, "_CHUNK_FILES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    extracted = []
    for one in extract_files(poisoned, found(poisoned), CrawlOptions(), apart=True):
        extracted.append(one)
        time.sleep(seconds if len(extracted) < 6 else 0.0)
    assert {e.found.path: e.skipped for e in extracted if e.skipped} == {"m03_poison.py": "crashed the parser"}
    assert sum(len(e.functions) for e in extracted) == 60


def test_a_file_that_kills_a_small_run_is_left_out_by_the_next(poisoned: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "codesearch", "index", str(poisoned), "--index-dir", str(tmp_path / "i"), "-v"]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode < 0
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "60 functions" in again.stdout
    assert "1 crashed the parser: m03_poison.py" in again.stdout


def test_a_file_that_brings_extraction_to_an_error_costs_only_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = extraction.extract_file

    def too_deep(root: Path, file: FoundFile, options: CrawlOptions) -> extraction.Extracted:
        return too_deep(root, file, options) if file.path == "m07.py" else real(root, file, options)

    monkeypatch.setattr(extraction, "extract_file", too_deep)
    extracted = list(extract_files(root, found(root), CrawlOptions()))
    assert {e.found.path: e.skipped for e in extracted if e.skipped} == {"m07.py": "crashed the parser"}


def test_files_that_change_between_crawl_and_reading_are_told_by_what_became_of_them(root: Path) -> None:
    files = found(root)
    (root / "m00.py").unlink()
    (root / "m01.py").unlink()
    os.mkfifo(root / "m01.py")
    (root / "m02.py").unlink()
    (root / "m02.py").symlink_to("/etc/passwd")
    (root / "m03.py").write_text("def other():\n    pass\n")
    extracted = {e.found.path: e for e in extract_files(root, files, CrawlOptions())}
    assert extracted["m00.py"].skipped == "vanished while being read"
    assert extracted["m01.py"].skipped == "not a regular file"
    assert extracted["m02.py"].skipped == "symbolic link"
    assert [f.name for f in extracted["m03.py"].functions] == ["other"]


def test_workers_are_gone_when_the_caller_stops_early(root: Path) -> None:
    stream = extract_files(root, found(root), CrawlOptions(), apart=True)
    next(stream)
    workers = worker_ids()
    stream.close()
    assert workers
    assert all_end(workers, 10)


def test_workers_end_when_their_parent_is_killed(root: Path) -> None:
    script = (
        "import os, sys, signal; from pathlib import Path\n"
        "from indexer.crawl import CrawlOptions, crawl\n"
        "from indexer.extraction import extract_files\n"
        "root = Path(sys.argv[1])\n"
        "next(extract_files(root, list(crawl(root, CrawlOptions())), CrawlOptions(), apart=True))\n"
        "print(*Path(f'/proc/self/task/{os.getpid()}/children').read_text().split(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True)
    workers = [int(word) for word in done.stdout.split()]
    assert workers
    assert all_end(workers, 20)


def worker_ids() -> list[int]:
    ids = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                ids.append(int(child))
    return ids


def all_end(ids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(is_running(process_id) for process_id in ids):
            return True
        time.sleep(0.1)
    return False


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_library_user_may_extract_in_a_thread(root: Path) -> None:
    result: list[extraction.Extracted] = []
    thread = threading.Thread(
        target=lambda: result.extend(extract_files(root, found(root), CrawlOptions(), apart=True))
    )
    thread.start()
    thread.join(60)
    assert len(result) == 60
