"""No file costs more than itself: bounded time and memory, and never the process."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.extract import extract
from indexer.languages import LANGUAGES

NESTED = {
    "100,000 open brackets": "(" * 100_000,
    "100,000 closed brackets": "(" * 100_000 + ")" * 100_000,
    "open braces and brackets": "([{" * 33_000,
    "open templates": "template<" * 100_000,
    "different open templates": "".join(f"T{number}<" for number in range(50_000)),
    "short open templates": "A<" * 1_000,
    "signs": "- " * 100_000,
    "arrows": "a => " * 50_000,
    "a few arrows": "a => " * 400,
    "functions": "function f() {\n" * 20_000,
    "classes": "class A {\n" * 20_000,
    "deeper and deeper definitions": "".join(" " * min(level, 200) + "def f():\n" for level in range(3_000)),
    "openings of comments": "/*" * 100_000,
    "quotes": "\"'`" * 100_000,
    "openings of here documents": "<<A <<B\n" * 500,
    "interpolations": '"#{' * 2_000,
    "cases": "case x of\n A -> " * 400,
    "one line of sums": "x = " + "a + " * 250_000 + "1",
    "one line of a string": "x = '" + "a,b;" * 250_000 + "'",
    "one line of functions": "function f() { return 1; } " * 20_000,
}
MEMORY = 2 * 1024**3
PROGRAM = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from indexer.extract import extract
from indexer.languages import LANGUAGES
from test_extract_hostile import MEMORY, NESTED
resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
for source in NESTED.values():
    assert extract(source, "file", LANGUAGES[sys.argv[1]])
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_deep_nesting_neither_crashes_nor_hangs_nor_fills_the_memory(language: str) -> None:
    command = [sys.executable, "-c", PROGRAM, language, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_line_of_a_megabyte_becomes_windows_of_bounded_size() -> None:
    units = extract("x = '" + "a,b;" * 250_000 + "'", "data.py", LANGUAGES["python"])
    assert max(len(unit.text) for unit in units) <= 4_000
    assert sum(len(unit.text) for unit in units) == 1_000_006


def test_functions_that_share_one_endless_line_do_not_repeat_it() -> None:
    source = "".join(f"function f{number}() {{ return {number * 7919}; }} " for number in range(20_000))
    units = extract(source, "minified.js", LANGUAGES["javascript"])
    assert sum(len(unit.text) for unit in units) < 2 * len(source)


def test_a_file_of_very_many_definitions_becomes_windows() -> None:
    source = "".join(f"f{number * 7919}=lambda:{number}\ndef g{number}():0\n" for number in range(21_000))
    assert {unit.kind for unit in extract(source, "generated.py", LANGUAGES["python"])} == {"window"}


def test_broken_source_full_of_keywords_is_done_in_seconds() -> None:
    words = ("else", "return", "try", "end", "finally", "static", "void")
    source = " ".join(words[(number * number) % 7] for number in range(60_000))
    started = time.process_time()
    for language in ("python", "java", "javascript", "cpp"):
        assert extract(source, "file", LANGUAGES[language])
    assert time.process_time() - started < 40
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY // 1024
