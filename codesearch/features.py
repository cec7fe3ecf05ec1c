"""Ranking features: what is known of a query and a candidate function, as numbers between 0 and 1.

The features are fixed here, their weights come from data (``codesearch/ranking.py``). All of them are shares or flags,
so that one set of weights serves repositories of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codesearch.profiles import CONSTANT, NAMES
from codesearch.query import dotted
from codesearch.roles import Role
from indexer.words import MOST_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from codesearch.profiles import Profiles
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
_CONSTANT = [_COLUMN[name] for name in CONSTANT]
_RANK_OFFSET = 10.0


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
    matched: Mapping[int, int],
) -> NDArray[np.float32]:
    """Features of every candidate, shape ``(len(places), len(FEATURES))``.

    Args:
        query: What was asked.
        weights: The query's stemmed words and how much each counts (its inverse document frequency).
        profiles: Those of the candidates, and maybe of others.
        places: Where the candidates are among these.
        words: Candidates found by words.
        meaning: Candidates found by vectors.
        matched: Which of ``weights`` a candidate's source has: bit ``i`` for the word ``i``, by function id.
    """
    matrix = np.zeros((len(places), len(FEATURES)), np.float32)
    if not len(places):
        return matrix
    rows = [profiles.rows[place] for place in places.tolist()]
    matrix[:, _CONSTANT] = profiles.constant[places]
    position = {row.id: i for i, row in enumerate(rows)}
    _fill_retrieval(matrix, position, words, _COLUMN["words"], _COLUMN["words_rank"], 0.0)
    floor = meaning.scores[-1] if len(meaning.scores) else 0.0
    _fill_retrieval(matrix, position, meaning, _COLUMN["meaning"], _COLUMN["meaning_rank"], floor)
    files = np.unique([row.file_id for row in rows], return_inverse=True)[1]
    for single, together in (("words", "file_words"), ("meaning", "file_meaning")):
        evidence = np.bincount(files, weights=matrix[:, _COLUMN[single]])
        matrix[:, _COLUMN[together]] = (evidence / max(evidence.max(initial=0.0), 1e-9))[files]
    in_names = _fill_names(matrix, weights, profiles, places)
    in_source = np.array([matched.get(row.id, 0) for row in rows], np.int64)
    _fill_coverage(matrix, files, in_names | in_source, list(weights.values()))
    versions = [profiles.versions[place] for place in places.tolist()]
    if any(versions):
        matrix[:, _COLUMN["superseded"]] = _superseded(versions, query.text.lower())
    if not {"test", "spec", "mock", "fixtur"}.isdisjoint(weights):
        matrix[:, _COLUMN["test"]] = 0.0
    for values, row in zip(matrix, rows, strict=True) if query.symbols else ():
        _fill_definition(values, query, row)
    return matrix


def _fill_retrieval(
    matrix: NDArray[np.float32], position: dict[int, int], found: Scored, share: int, rank: int, floor: float
) -> None:
    # A function that was encoded in parts is in the list more than once: the best is written last and counts.
    places = np.array([place for place, i in enumerate(found.ids) if i in position][::-1], np.int64)
    if not len(places):
        return
    at = [position[found.ids[place]] for place in places.tolist()]
    span = max(found.scores[0] - floor, 1e-9)
    matrix[at, share] = (np.asarray(found.scores)[places] - floor) / span
    matrix[at, rank] = _RANK_OFFSET / (_RANK_OFFSET + places)


def _fill_names(
    matrix: NDArray[np.float32], weights: Mapping[str, float], profiles: Profiles, places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Fill in what names have in common with the query, and return the bits of the words that each candidate's have."""
    weight_of = np.zeros(len(profiles.numbers) + 1, np.float32)
    bit_of = np.zeros(len(weight_of), np.int64)
    for i, (word, weight) in enumerate(weights.items()):
        number = profiles.numbers.get(word)
        if number is not None:
            weight_of[number] = weight
            bit_of[number] = 1 << i if i < MOST_WORDS else 0
    words = profiles.words[places]
    shared = weight_of[words]
    covers = shared.sum(axis=2) / (sum(weights.values()) or 1.0)
    precise = np.count_nonzero(shared, axis=2) / np.maximum(np.count_nonzero(words, axis=2), 1)
    for column, name in enumerate(NAMES):
        matrix[:, _COLUMN[f"{name}_covers"]] = covers[:, column]
        if f"{name}_precise" in _COLUMN:
            matrix[:, _COLUMN[f"{name}_precise"]] = precise[:, column]
    bits: NDArray[np.int64] = np.bitwise_or.reduce(bit_of[words.reshape(len(words), -1)], axis=1)
    return bits


def _fill_coverage(
    matrix: NDArray[np.float32], files: NDArray[np.int64], matched: NDArray[np.int64], weights: Sequence[float]
) -> None:
    of_file = np.zeros(int(files.max()) + 1, np.int64)
    np.bitwise_or.at(of_file, files, matched)
    shares = np.array(weights[:MOST_WORDS], np.float32) / (sum(weights) or 1.0)
    bits = np.arange(len(shares))
    for column, has in (("covers", matched), ("file_covers", of_file[files])):
        matrix[:, _COLUMN[column]] = (has[:, None] >> bits & 1) @ shares


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
