"""Ranking features: what is known of a query and a candidate function, as numbers between 0 and 1.

The features are fixed here, their weights come from data (``codesearch/ranking.py``). All of them are shares or flags,
so that one set of weights serves repositories of any size.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codesearch.query import dotted
from codesearch.roles import Role, roles
from indexer.words import MOST_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from codesearch.query import Query
    from indexer.store import FunctionRow

FEATURES = (
    "words",  # BM25, as a share of the best
    "meaning",  # similarity of the vectors, between the last candidate's and the best's
    "words_rank",  # 1 / (10 + rank), scaled to 1 for the first
    "meaning_rank",
    "file_words",  # the evidence of all candidates of a file together, as a share of the best file's
    "file_meaning",
    "covers",  # share of the query's words, by weight, that the function has in any field
    "file_covers",  # that all candidates of its file have together
    "name_covers",  # share of the query's words, by weight, that are in the function's name
    "name_precise",  # share of the name's words that are in the query
    "owner_covers",  # the same for the enclosing names
    "stem_covers",  # the same for the file's name
    "stem_precise",
    "folder_covers",  # the same for the folders
    "defines",  # its name is a symbol of the query, letter case aside
    "defines_exactly",  # in the same letter case
    "defines_qualified",  # with the same qualification
    "defines_type",  # exactly, and it is a class
    "defines_in_namesake",  # exactly, in a file named after it
    "class",  # what it is
    "module",
    "window",
    "private",
    "length",  # log of the number of lines, 1 at 1,000
    "file_size",  # log of the file's bytes, 1 at 1,000,000: central files are large
    "superseded",  # in a folder v1 when there are results in its neighbour v2
    *(role.name.lower() for role in Role),
)
_COLUMN = {name: i for i, name in enumerate(FEATURES)}
_RANK_OFFSET = 10.0
_LONG = math.log(1000.0)
_LARGE = math.log(1e6)
_VERSION = re.compile(r"(?:^|/)v(\d{1,3})/")
_NO_STEMS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scored:
    """One list of candidates: function ids with their scores, best first."""

    ids: Sequence[int]
    scores: Sequence[float]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the features take from a function whatever the query is, so that it is worked out once."""

    row: FunctionRow
    constant: NDArray[np.float32]
    """Features that do not depend on the query, zeros elsewhere, shape ``(len(FEATURES),)``."""
    name: frozenset[str]
    """Stemmed words of the name; the next ones of the enclosing names, the file's name and its folders."""
    owner: frozenset[str]
    stem: frozenset[str]
    folder: frozenset[str]


def profile(row: FunctionRow, stems: Callable[[str], frozenset[str]]) -> Profile:
    """Work out what does not depend on a query; ``stems`` gives the stemmed words of a name or a path."""
    constant = np.zeros(len(FEATURES), np.float32)
    if row.kind in _COLUMN:
        constant[_COLUMN[row.kind]] = 1.0
    constant[_COLUMN["private"]] = row.name.startswith("_")
    constant[_COLUMN["file_size"]] = min(1.0, math.log(row.file_size + 1) / _LARGE)
    if row.kind not in ("module", "window"):  # their lines say nothing of how much they hold
        constant[_COLUMN["length"]] = min(1.0, math.log(row.end_line - row.start_line + 1) / _LONG)
    for role in roles(row.path):
        # What is defined in an __init__.py or mod.rs is no re-export.
        if role is not Role.REEXPORT or row.kind in ("module", "window"):
            constant[_COLUMN[role.name.lower()]] = 1.0
    folder, _, file = row.path.rpartition("/")
    texts = (row.name, row.qualified_name.rpartition(".")[0], file.partition(".")[0], folder)
    return Profile(row, constant, *(stems(text) if text else _NO_STEMS for text in texts))


def feature_matrix(
    query: Query,
    weights: Mapping[str, float],
    profiles: Sequence[Profile],
    words: Scored,
    meaning: Scored,
    matched: Mapping[int, int],
) -> NDArray[np.float32]:
    """Features of every candidate, shape ``(len(profiles), len(FEATURES))``.

    Args:
        query: What was asked.
        weights: The query's stemmed words and how much each counts (its inverse document frequency).
        profiles: The candidates.
        words: Those found by words.
        meaning: Those found by vectors.
        matched: Which of ``weights`` a candidate has: bit ``i`` for the word ``i``, by function id.
    """
    if not profiles:
        return np.zeros((0, len(FEATURES)), np.float32)
    matrix = np.stack([candidate.constant for candidate in profiles])
    rows = [candidate.row for candidate in profiles]
    position = {row.id: i for i, row in enumerate(rows)}
    _fill_retrieval(matrix, position, words, _COLUMN["words"], _COLUMN["words_rank"], 0.0)
    floor = meaning.scores[-1] if len(meaning.scores) else 0.0
    _fill_retrieval(matrix, position, meaning, _COLUMN["meaning"], _COLUMN["meaning_rank"], floor)
    files = _file_numbers(rows)
    for single, together in (("words", "file_words"), ("meaning", "file_meaning")):
        evidence = np.bincount(files, weights=matrix[:, _COLUMN[single]])
        matrix[:, _COLUMN[together]] = (evidence / max(evidence.max(initial=0.0), 1e-9))[files]
    _fill_coverage(matrix, files, np.array([matched.get(row.id, 0) for row in rows], np.int64), list(weights.values()))
    matrix[:, _COLUMN["superseded"]] = _superseded([row.path for row in rows], query.text.lower())
    if not {"test", "spec", "mock", "fixtur"}.isdisjoint(weights):
        matrix[:, _COLUMN["test"]] = 0.0
    total = sum(weights.values()) or 1.0
    for values, candidate in zip(matrix, profiles, strict=True):
        _fill_names(values, weights, total, candidate)
    for values, row in zip(matrix, rows, strict=True) if query.symbols else ():
        _fill_definition(values, query, row)
    return matrix


def _fill_retrieval(
    matrix: NDArray[np.float32], position: dict[int, int], found: Scored, share: int, rank: int, floor: float
) -> None:
    """A function that was encoded in parts is in the list more than once: the best counts."""
    if not len(found.ids):
        return
    span = max(found.scores[0] - floor, 1e-9)
    for place, (function_id, score) in enumerate(zip(found.ids, found.scores, strict=True)):
        i = position.get(function_id)
        if i is not None and not matrix[i, rank]:
            matrix[i, share] = (score - floor) / span
            matrix[i, rank] = _RANK_OFFSET / (_RANK_OFFSET + place)


def _file_numbers(rows: Sequence[FunctionRow]) -> NDArray[np.int64]:
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(row.file_id, len(numbers)) for row in rows], np.int64)


def _fill_coverage(
    matrix: NDArray[np.float32], files: NDArray[np.int64], matched: NDArray[np.int64], weights: Sequence[float]
) -> None:
    total = sum(weights) or 1.0
    of_file = np.zeros(int(files.max()) + 1, np.int64)
    np.bitwise_or.at(of_file, files, matched)
    together = of_file[files]
    for bit, weight in enumerate(weights[:MOST_WORDS]):
        matrix[:, _COLUMN["covers"]] += (matched >> bit & 1) * (weight / total)
        matrix[:, _COLUMN["file_covers"]] += (together >> bit & 1) * (weight / total)


def _superseded(paths: Sequence[str], text: str) -> list[bool]:
    """Whether each path lies in a version's folder beside which there is a later one; not if the query names it."""
    versions = [_VERSION.search(path) for path in paths]
    newest: dict[str, int] = {}
    for path, found in zip(paths, versions, strict=True):
        if found:
            parent = path[: found.start()]
            newest[parent] = max(newest.get(parent, 0), int(found[1]))
    asked = set(text.split())
    return [
        found is not None and int(found[1]) < newest[path[: found.start()]] and f"v{found[1]}" not in asked
        for path, found in zip(paths, versions, strict=True)
    ]


def _fill_names(values: NDArray[np.float32], weights: Mapping[str, float], total: float, candidate: Profile) -> None:
    for words, covers, precise in (
        (candidate.name, "name_covers", "name_precise"),
        (candidate.owner, "owner_covers", None),
        (candidate.stem, "stem_covers", "stem_precise"),
        (candidate.folder, "folder_covers", None),
    ):
        shared = weights.keys() & words
        if shared:
            values[_COLUMN[covers]] = sum(weights[word] for word in shared) / total
            if precise:
                values[_COLUMN[precise]] = len(shared) / len(words)


def _fill_definition(values: NDArray[np.float32], query: Query, row: FunctionRow) -> None:
    if row.kind in ("module", "window"):
        return
    for symbol in query.symbols:
        name = symbol.rpartition(".")[2]
        if row.name.lower() != name.lower():
            continue
        exactly = row.name == name
        stem = row.path.rpartition("/")[2].partition(".")[0]
        qualified = f".{row.qualified_name}".lower().endswith(f".{symbol}".lower())
        values[_COLUMN["defines"]] = 1.0
        values[_COLUMN["defines_exactly"]] = float(exactly)
        values[_COLUMN["defines_qualified"]] = float("." in symbol and qualified)
        values[_COLUMN["defines_type"]] = float(exactly and row.kind == "class")
        values[_COLUMN["defines_in_namesake"]] = float(exactly and _bare(stem) == _bare(name))


def _bare(name: str) -> str:
    return dotted(name).replace("_", "").replace("-", "").lower().rstrip("s")
