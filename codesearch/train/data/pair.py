"""One training pair, and the files that hold them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from codesearch.errors import CodesearchError

Origin = Literal[
    "docstring", "commit", "comment", "doc", "test", "query", "renamed", "misspelled", "partial", "snippet"
]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
WRITTEN: frozenset[Origin] = frozenset({"commit", "comment", "doc", "test", "query"})
"""Sources of texts that were written about code and that are no docstrings."""
Split = Literal["train", "valid"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A text that was written about a piece of code, and that code.

    On disk: JSON Lines in UTF-8, gzip, one object a line with exactly these fields.
    """

    repo: str
    """``owner/name`` on GitHub, or ``pypi:name`` for an installed package."""
    commit: str
    """The commit (or version) that ``code`` is from."""
    path: str
    language: str
    kind: str
    """That of the function (see ``indexer.function``), or ``block`` for code that is no whole definition."""
    name: str
    """Of the function, or of the one around the block; empty for code in a document."""
    qualified_name: str
    start_line: int
    """1-based, in the file at the commit."""
    text: str
    """The side of the query: one line."""
    code: str
    """The function without its docstring; its doc comment is not part of it either."""
    source: Origin
    """Where the text is from: ``docstring`` its first paragraph; ``commit`` the subject of a commit that changed the
    function; ``comment`` the comment above the block; ``doc`` the heading or sentence before the code in a document;
    ``test`` the name or description of a test that calls the function; ``query`` what one would type to find it (see
    ``codesearch.train.data.queries``). Made from a docstring's pair (see
    ``codesearch.train.data.made``): ``renamed``, where the code has lost its names, ``misspelled`` and ``partial``,
    where the text is so, ``snippet``, whose text is some lines of the code, renamed."""
    split: Split
    """Whole repositories are held out as ``valid``."""

    @property
    def function(self) -> tuple[str, str, str]:
        """The repository, path and qualified name, which pairs of one function share."""
        return self.repo, self.path, self.qualified_name


def docstrings(pairs: Iterable[Pair]) -> dict[tuple[str, str, str], str]:
    """The docstring of each function whose docstring is the text of one of the pairs."""
    return {pair.function: pair.text for pair in pairs if pair.source == "docstring"}


def write_pairs(path: Path, pairs: Iterable[Pair]) -> int:
    """Write a file of pairs, which appears only when it is complete, and return how many there are."""
    unfinished = path.with_name(path.name + ".part")
    count = 0
    with gzip.open(unfinished, "wt", encoding="utf-8", compresslevel=5) as file:
        for count, pair in enumerate(pairs, start=1):  # noqa: B007
            file.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")
    unfinished.replace(path)
    return count


def read_pairs(path: Path) -> Iterator[Pair]:
    """Read a file of pairs in its order.

    Raises:
        CodesearchError: it cannot be read, or is damaged.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield Pair(**json.loads(line))
    except (OSError, EOFError, zlib.error, ValueError, TypeError) as error:
        raise CodesearchError(
            f"{path} holds no pairs that can be read ({error}): delete it and collect anew"
        ) from error
