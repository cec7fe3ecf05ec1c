"""File names as text that can be printed, sent as JSON and stored in SQLite, and turned back into the name.

Inside of the indexer a path is a ``str`` as ``os.fsdecode`` makes it, in which a byte that is not UTF-8 is a lone
surrogate. SQLite, JSON and most terminals refuse those, and a line break or an escape sequence in a name would
break a line-oriented listing. In the form for display each such byte is ``\\xNN`` with two lower-case hex digits, and
the backslash of a name that itself holds such a sequence is ``\\x5c``, so that no two names have the same form.
All other names, nearly all there are, stay as they are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from indexer.errors import SourceError

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\(?=x[0-9a-f]{2})")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def resolved(typed: str | Path) -> Path:
    """The absolute path of what a user typed, ``~`` expanded and links followed, whether it exists or not.

    Raises ``SourceError`` if the path is relative and the current folder is gone.
    """
    try:
        # A Path's own methods raise for a user that does not exist and for links that lead in a circle.
        return Path(os.path.realpath(os.path.expanduser(typed)))  # noqa: PTH111
    except OSError:
        raise SourceError("the current folder does not exist any more: change to another one") from None


def display_path(path: str) -> str:
    """The path in its form for display; never holds a lone surrogate or a control character."""
    return _UNPRINTABLE.sub(_escape, path)


def path_from_display(text: str) -> str:
    """The path that ``display_path`` was given, for every path that ``os.fsdecode`` returns."""
    if "\\x" not in text:
        return text
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode()))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
