"""Filters and subfolders as the set of functions that may be returned."""

from __future__ import annotations

import os
import posixpath
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


def allowed_ids(
    store: Store, repository: Repository, filters: Sequence[Filter], under: str
) -> NDArray[np.int64] | None:
    """Ids of the functions that satisfy every filter and lie below ``under``; None when all of them do."""
    if not filters and not under:
        return None
    if not all(f.matches(repository.name) != f.negated for f in filters if f.field == "repo"):
        return np.empty(0, np.int64)
    of_file = [f for f in filters if f.field in ("path", "lang")]
    files = {
        file_id
        for file_id, path, language in store.connection.execute("SELECT id, path, coalesce(language, '') FROM files")
        if _is_below(path, under)
        and all((f.matches(path) if f.field == "path" else f.pattern == language) != f.negated for f in of_file)
    }
    of_function = [f for f in filters if f.field in ("kind", "name")]
    return np.array(
        [
            function_id
            for function_id, file_id, kind, name, qualified_name in store.connection.execute(
                "SELECT id, file_id, kind, name, qualified_name FROM functions"
            )
            if file_id in files
            and all(
                (f.pattern == kind if f.field == "kind" else f.matches(name) or f.matches(qualified_name)) != f.negated
                for f in of_function
            )
        ],
        np.int64,
    )


def _is_below(path: str, under: str) -> bool:
    return not under or path == under or path.startswith(f"{under}/")
