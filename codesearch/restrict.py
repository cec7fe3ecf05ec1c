"""Filters and subfolders as the set of functions that may be returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from codesearch.query import Filter
    from indexer.records import Repository
    from indexer.store import Store


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
