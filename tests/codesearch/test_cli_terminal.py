"""What is seen on a terminal: a real one, made by ``pty``."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

CLICKABLE = re.compile(r"\x1b\]8;[^;]*;(file://[^\x1b]+)\x1b\\")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]")


def plain(drawn: str) -> str:
    """Without the colours and links of this program."""
    return COLOUR.sub("", re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", drawn))


def on_a_terminal(*arguments: str, columns: int = 80, interrupt_at: str | None = None) -> tuple[int, str]:
    """The exit status and everything that was drawn; Ctrl-C once ``interrupt_at`` is on the screen."""
    control, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "codesearch", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
        start_new_session=True,
    )
    os.close(terminal)
    drawn = b""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([control], [], [], 1)[0]:
            continue
        try:
            drawn += os.read(control, 65536)
        except OSError:  # the other side is closed
            break
        if interrupt_at is not None and interrupt_at.encode() in drawn:
            process.send_signal(signal.SIGINT)
            interrupt_at = None
    os.close(control)
    return process.wait(60), drawn.decode().replace("\r\n", "\n")


def test_results_are_coloured_with_paths_that_open_on_a_click(project):
    status, drawn = on_a_terminal("search", "parse a date", "-k", "1")
    assert status == 0
    assert CLICKABLE.findall(drawn) == [f"{(project / 'shop' / 'dates.py').as_uri()}#L1"]
    assert COLOUR.search(drawn)


def test_words_of_the_query_are_marked_in_the_source(project):
    _, drawn = on_a_terminal("search", "parse a date", "-k", "1")
    marked = re.findall(r"\x1b\[1;4;[\d;]*m(\w+)", drawn)
    assert {"parse", "date"} <= {word.lower() for word in marked}


def test_similar_functions_have_no_words_to_mark(project):
    _, drawn = on_a_terminal("similar", "shop/dates.py:1", "-k", "3")
    assert COLOUR.search(drawn)
    assert not re.search(r"\x1b\[1;4;", drawn)


HOSTILE = "def parse_date(text):\n    return 'a\x1b]0;owned\x07\x1b[2J\x9b31m \u202e\u2066b'\r\n"


@pytest.mark.parametrize("form", ["text", "vimgrep", "paths", "json"])
def test_code_and_names_of_a_stranger_cannot_control_the_terminal(project, form):
    (project / "a\x1b[31m\nred").mkdir()
    (project / "a\x1b[31m\nred" / "dates.py").write_text(HOSTILE, "utf-8", newline="")
    status, drawn = on_a_terminal("search", "parse_date", "-q", "--format", form)
    assert status == 0
    assert r"a\x1b[31m\x0ared/dates.py" in drawn.replace(r"\\", "\\")
    assert CONTROL.search(plain(drawn)) is None


@pytest.mark.parametrize("command", ["index", "status", "forget"])
def test_the_name_of_a_folder_cannot_control_the_terminal(project, command):
    (project / "a\x1b[31m\nred").mkdir()
    on_a_terminal("index", "a\x1b[31m\nred", "-q")
    status, drawn = on_a_terminal(command, "a\x1b[31m\nred")
    assert status == 0
    assert "[31m" in drawn
    assert CONTROL.search(drawn) is None


def test_code_with_control_characters_is_shown_with_escapes(project):
    (project / "shop" / "dates.py").write_text(HOSTILE, "utf-8", newline="")
    _, drawn = on_a_terminal("search", "parse_date", "-k", "1", "-q")
    assert r"        return 'a\x1b]0;owned\x07\x1b[2J\x9b31m \u202e\u2066b'" in plain(drawn).splitlines()


def test_long_lines_are_cut_at_the_width_of_the_terminal(project):
    (project / "shop" / "dates.py").write_text(f"def parse_date(text):\n    return {' + '.join(['text'] * 60)}\n")
    _, drawn = on_a_terminal("search", "parse_date", "-k", "1", columns=50)
    source = [line for line in plain(drawn).splitlines() if line.startswith("    ")]
    assert [len(line) for line in source] == [len("    def parse_date(text):"), 50]
    assert source[1].endswith("…")


def test_a_long_run_draws_a_bar_that_is_gone_afterwards_and_survives_an_interruption(project):
    for number in range(3000):
        (project / f"module_{number}.py").write_text(f"def function_{number}(x):\n    return x + {number}\n" * 4)
    status, drawn = on_a_terminal("index", interrupt_at="reading")
    assert status == 130
    assert "codesearch: stopped; what was done is kept" in drawn
    assert "Traceback" not in drawn
    status, drawn = on_a_terminal("index")
    assert status == 0
    assert re.search(r"functions in 3,005 files", drawn)
