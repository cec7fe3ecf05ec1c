"""Functions like a given one, by their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.errors import CodesearchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from indexer.store import Store
    from indexer.vectors import VectorIndex


def similar_functions(
    store: Store, vectors: VectorIndex, path: str, line: int, k: int, allowed: NDArray[np.int64] | None
) -> list[tuple[int, float]]:
    """Ids and cosines of the ``k`` functions most like the innermost one at a line, best first, without that one.

    Raises:
        CodesearchError: the file is not indexed, or has no function at this line.
    """
    row = store.connection.execute(
        "SELECT functions.id, functions.digest FROM functions JOIN files ON files.id = file_id "
        "WHERE files.path = ? AND start_line <= ? AND end_line >= ? "
        "ORDER BY kind IN ('module', 'window'), end_line - start_line",
        (path, line, line),
    ).fetchone()
    if row is None:
        raise CodesearchError(f"there is no indexed function at {path}:{line}")
    vector = vectors.vector_of(row[1])
    if vector is None:
        raise CodesearchError(f"the function at {path}:{line} is not encoded yet: try again when indexing is done")
    ids, scores = vectors.search(vector, k + 1, allowed)
    found = zip(ids.tolist(), scores.tolist(), strict=True)
    return [(function_id, score) for function_id, score in found if function_id != row[0]][:k]
