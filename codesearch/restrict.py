"""Filters and subfolders as the set of functions that may be returned."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codesearch.errors import CodesearchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from codesearch.query import Filter
    from indexer.records import Repository
    from indexer.store import Store


def normal_path(under: str) -> str:
    """A path relative to the root as paths are stored: ``./src/`` gives ``src``, the root itself an empty one.

    Raises:
        CodesearchError: it leads out of the root.
    """
    path = posixpath.normpath(under.replace(os.sep, "/"))
    if posixpath.isabs(path) or path.split("/")[0] == "..":
        raise CodesearchError(f"give a path relative to the root that was indexed, not {under!r}")
    return "" if path == "." else path


@dataclass(frozen=True, slots=True)
class Choice:
    """The filters of a field with one value: one of those wanted, as ``lang:go lang:rust`` can mean nothing else."""

    wanted: frozenset[str]
    unwanted: frozenset[str]

    @classmethod
    def of(cls, filters: Sequence[Filter], field: str) -> Choice:
        """The filters of this field."""
        of_field = [f for f in filters if f.field == field]
        return cls(
            frozenset(f.pattern for f in of_field if not f.negated), frozenset(f.pattern for f in of_field if f.negated)
        )

    def allows(self, value: str) -> bool:
        """Whether a value is wanted, or none is, and it is not unwanted."""
        return (not self.wanted or value in self.wanted) and value not in self.unwanted


def allowed_ids(
    store: Store, repository: Repository, filters: Sequence[Filter], under: str, language: str | None = None
) -> NDArray[np.int64] | None:
    """Ids of the functions that satisfy every filter, in a language and below ``under``; None when all of them do."""
    if not filters and not under and not language:
        return None
    if not all(f.matches(repository.name) != f.negated for f in filters if f.field == "repo"):
        return np.empty(0, np.int64)
    paths, names = ([f for f in filters if f.field == field] for field in ("path", "name"))
    languages, kinds = Choice.of(filters, "lang"), Choice.of(filters, "kind")
    files = {
        file_id
        for file_id, path, written_in in store.connection.execute("SELECT id, path, coalesce(language, '') FROM files")
        if _is_below(path, under)
        and language in (None, written_in)
        and languages.allows(written_in)
        and all(f.matches(path) != f.negated for f in paths)
    }
    return np.array(
        [
            function_id
            for function_id, file_id, kind, name, qualified_name in store.connection.execute(
                "SELECT id, file_id, kind, name, qualified_name FROM functions"
            )
            if file_id in files
            and kinds.allows(kind)
            and all((f.matches(name) or f.matches(qualified_name)) != f.negated for f in names)
        ],
        np.int64,
    )


def _is_below(path: str, under: str) -> bool:
    return not under or path == under or path.startswith(f"{under}/")
