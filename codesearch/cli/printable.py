"""What strangers wrote, as text that a terminal shows instead of obeying it."""

from __future__ import annotations

import re

# Those of ASCII and Latin-1, by which escape sequences begin, and those that turn the direction of writing, so that
# code looks other than it runs (https://trojansource.codes).
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile(r"[\n\u2028\u2029]")


def printable(text: str) -> str:
    """The text with control characters as escapes such as ``\\x1b``; tabs and line ends stay."""
    return _CONTROL.sub(_escape, text)


def one_line(text: str) -> str:
    """The same with line ends as escapes too."""
    return _LINE_END.sub(_escape, printable(text))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
