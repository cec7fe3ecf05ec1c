"""Ranking features: what is known of a query and a candidate function, as numbers between 0 and 1.

The features are fixed here, their weights come from data (``codesearch/ranking.py``). All of them are shares or flags,
so that one set of weights serves repositories of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from codesearch.profiles import CONSTANT, NAMES
from codesearch.query import dotted
from codesearch.roles import Role
from indexer.profile import MARK, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from codesearch.profiles import Profiles
    from codesearch.query import Query
    from indexer.records import FunctionRow

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
_CONSTANT = [_COLUMN[name] for name in CONSTANT]
_COVERING = {**{name: f"{name}_covers" for name in NAMES}, "function": "covers", "file": "file_covers"}
"""What may have a word of the query, and the feature that says how many it has."""
_ROW = {part: i for i, part in enumerate(_COVERING)}
_COVERS = [_COLUMN[feature] for feature in _COVERING.values()]
_PRECISE = {name: _COLUMN[f"{name}_precise"] for name in NAMES if f"{name}_precise" in _COLUMN}
_LENGTH = {name: i for i, name in enumerate(NAMES)}
_RANK_OFFSET = 10.0
MOST_WORDS = 20
"""Of longer queries, the first words are looked for in the candidates."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One list of candidates: function ids with their scores, best first."""

    ids: Sequence[int]
    scores: Sequence[float]


def feature_matrix(
    query: Query,
    weights: Mapping[str, float],
    profiles: Profiles,
    places: NDArray[np.int64],
    words: Scored,
    meaning: Scored,
    named: Mapping[int, FunctionRow],
) -> NDArray[np.float32]:
    """Features of every candidate, shape ``(len(places), len(FEATURES))``.

    Args:
        query: What was asked.
        weights: The query's stemmed words and how much each counts (its inverse document frequency).
        profiles: Those of the candidates, and maybe of others.
        places: Where the candidates are among these.
        words: Candidates found by words.
        meaning: Candidates found by vectors.
        named: The candidates that may be what a symbol of the query names, by their index into ``places``.
    """
    matrix = np.zeros((len(places), len(FEATURES)), np.float32)
    if not len(places):
        return matrix
    matrix[:, _CONSTANT] = profiles.constant(places)
    position = dict(zip(profiles.ids(places).tolist(), range(len(places)), strict=True))
    _fill_retrieval(matrix, position, words, _COLUMN["words"], _COLUMN["words_rank"], 0.0)
    floor = meaning.scores[-1] if len(meaning.scores) else 0.0
    _fill_retrieval(matrix, position, meaning, _COLUMN["meaning"], _COLUMN["meaning_rank"], floor)
    files = _numbered(profiles.files(places))
    for single, together in (("words", "file_words"), ("meaning", "file_meaning")):
        evidence = np.bincount(files, weights=matrix[:, _COLUMN[single]])
        matrix[:, _COLUMN[together]] = (evidence / max(evidence.max(), 1e-9))[files]
    if weights:
        _fill_coverage(matrix, weights, profiles, places, files)
    versions = profiles.versions(places)
    if any(versions):
        matrix[:, _COLUMN["superseded"]] = _superseded(versions, query.text.lower())
    if not {"test", "spec", "mock", "fixtur"}.isdisjoint(weights):
        matrix[:, _COLUMN["test"]] = 0.0
    for i, row in named.items():
        _fill_definition(matrix[i], query, row)
    return matrix


def _numbered(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same values as numbers from 0 on; for some hundred, quicker than ``np.unique``."""
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values.tolist()])


def _fill_retrieval(
    matrix: NDArray[np.float32], position: dict[int, int], found: Scored, share: int, rank: int, floor: float
) -> None:
    at = np.fromiter(map(position.get, found.ids, repeat(-1)), np.int64, len(found.ids))
    places = np.flatnonzero(at >= 0)
    if not len(places):
        return
    span = max(found.scores[0] - floor, 1e-9)
    matrix[at[places], share] = (np.asarray(found.scores)[places] - floor) / span
    matrix[at[places], rank] = _RANK_OFFSET / (_RANK_OFFSET + places)


def _fill_coverage(
    matrix: NDArray[np.float32],
    weights: Mapping[str, float],
    profiles: Profiles,
    places: NDArray[np.int64],
    files: NDArray[np.int64],
) -> None:
    """Fill in which of the query's words are in a candidate's names, in all of it, and in all of its file."""
    asked = list(weights)[:MOST_WORDS]
    shares = np.array([weights[word] for word in asked], np.float32) / (sum(weights.values()) or 1.0)
    where = np.zeros((len(places), len(asked)), np.uint8)
    marks = [mark(word) for word in asked]
    _add_flags(where, marks, *profiles.words(places))
    _add_flags(where, marks, *profiles.words_of_paths(places))
    has = np.empty((len(_COVERING), *where.shape), np.float32)
    for name, flag in NAMES.items():
        has[_ROW[name]] = where & flag > 0
    has[_ROW["function"]] = where > 0
    bits = 1 << np.arange(len(asked))
    in_file = np.zeros(len(places), np.int64)
    np.bitwise_or.at(in_file, files, (where > 0) @ bits)
    has[_ROW["file"]] = in_file[files][:, None] & bits > 0
    matrix[:, _COVERS] = (has @ shares).T
    lengths = profiles.lengths(places)
    for name, column in _PRECISE.items():
        matrix[:, column] = has[_ROW[name]].sum(axis=1) / lengths[:, _LENGTH[name]]


def _add_flags(
    where: NDArray[np.uint8], marks: Sequence[int], words: NDArray[np.uint32], begins: NDArray[np.int64]
) -> None:
    """Add where each marked word stands in each candidate, ``where`` having shape ``(candidates, marks)``.

    ``words`` are packed, one candidate's after the other's from ``begins`` on.
    """
    bare = words & MARK
    for i, each in enumerate(marks):
        found = np.flatnonzero(bare == each)
        candidates = np.searchsorted(begins, found, "right") - 1
        where[candidates, i] |= (words[found] & ~np.uint32(MARK)).astype(np.uint8)


def _superseded(versions: Sequence[tuple[str, int] | None], text: str) -> list[bool]:
    """Whether each lies in a version's folder beside which there is a later one; not if the query names its version."""
    newest: dict[str, int] = {}
    for version in versions:
        if version:
            newest[version[0]] = max(newest.get(version[0], 0), version[1])
    asked = set(text.split())
    return [
        version is not None and version[1] < newest[version[0]] and f"v{version[1]}" not in asked
        for version in versions
    ]


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
