"""Small projects, and the command as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from written import write_files

from codesearch.__main__ import main

FILES = {
    "shop/retry.py": '''"""Calling again."""


def retry_with_backoff(call, attempts=5):
    """Call until it succeeds, sleeping exponentially longer after every failure."""
    for attempt in range(attempts):
        try:
            return call()
        except ConnectionError:
            sleep(2**attempt)


class RetryPolicy:
    """How often a failing call is repeated."""

    def delay_before(self, attempt):
        """Seconds to wait before an attempt."""
        return 0.1 * 2**attempt
''',
    "shop/dates.py": '''def parse_date(text):
    """Read a calendar date such as 2024-02-29 from a string."""
    year, month, day = text.split("-")
    return int(year), int(month), int(day)
''',
    "web/cart.js": """/** Adds an article to the shopping cart. */
export function addToCart(cart, article) {
  return [...cart, article];
}
""",
    "geo/distance.go": """package geo

// Haversine returns the great-circle distance between two points.
func Haversine(a, b Point) float64 {
	return 2 * radius * asin(sqrt(h(a, b)))
}
""",
    "tests/test_dates.py": """from shop.dates import parse_date


def test_parse_date():
    assert parse_date("2024-02-29") == (2024, 2, 29)
""",
}


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A user's cache folder in which nothing is indexed yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CODESEARCH_CACHE", str(folder))
    monkeypatch.delenv("CODESEARCH_INDEX_DIR", raising=False)
    return folder


@pytest.fixture
def project(tmp_path, cache, monkeypatch) -> Path:
    """A small project, which is the current folder."""
    folder = write_files(tmp_path / "project", FILES)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def codesearch(cache, monkeypatch, capfd):
    """Runs the command in this process, which spares a second of imports; nothing is replaced."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["codesearch", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Outcome(ended.value.code, out, err)

    return run


@pytest.fixture
def codesearch_process(cache):
    """Runs the command in a process of its own."""

    def run(*arguments: str) -> Outcome:
        command = [sys.executable, "-m", "codesearch", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def open_project(open_folder, cache, monkeypatch) -> Path:
    """A small project that other users can reach, with its cache beside it."""
    write_files(open_folder / "project", FILES)
    (open_folder / "cache").mkdir()
    (open_folder / "cache").chmod(0o777)
    monkeypatch.setenv("CODESEARCH_CACHE", str(open_folder / "cache"))
    monkeypatch.chdir(open_folder / "project")
    return open_folder / "project"
