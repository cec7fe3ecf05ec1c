"""Queries for functions of the listed repositories, written for training by reading these functions.

Documentation is not what people type. For some of the documented functions the list holds what one would type to find
them: into a search engine, without knowing the project, and into a code search, as someone new to its code. A language
model wrote them from the function and its documentation; docs/models/queries.md tells how.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.errors import CodesearchError
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codesearch.train.data.pair import Pair

LISTED = Path(__file__).with_name("queries.tsv.gz")
_COLUMNS = ("repository", "path", "name", "web", "ask")


@dataclass(frozen=True, slots=True)
class Queries:
    """A line of the list: tab-separated, its first line names the columns, the whole compressed by gzip."""

    repository: str
    path: str
    name: str
    """Qualified, of the function."""
    web: str
    """What one would type into a search engine; empty where nobody would look for such a function there."""
    ask: str
    """What one would ask of the code it is part of; may be empty."""


def read_queries(path: Path = LISTED) -> dict[str, list[Queries]]:
    """Read the list, by repository.

    Raises:
        CodesearchError: the file is not such a list.
    """
    by_repository: defaultdict[str, list[Queries]] = defaultdict(list)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=2):
                if set(row) != set(_COLUMNS) or None in row.values():
                    raise CodesearchError(f"{path}:{number}: expected {len(_COLUMNS)} columns: {', '.join(_COLUMNS)}")
                by_repository[row["repository"]].append(Queries(**row))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise CodesearchError(f"{path} is no list of queries that can be read ({first_line(error)})") from None
    return dict(by_repository)


def query_pairs(pairs: Iterable[Pair], queries: Iterable[Queries]) -> Iterator[Pair]:
    """Yield a pair of each query and its function, which must be one of the docstring pairs."""
    documented = {pair.function: pair for pair in pairs if pair.source == "docstring"}
    for line in queries:
        pair = documented.get((line.repository, line.path, line.name))
        if pair is not None:
            yield from (replace(pair, text=text, source="query") for text in (line.web, line.ask) if text)
