"""Writing a static encoder in the format that ``codesearch.encoders.static`` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from codesearch.encoders.static import MODEL_TYPE, digest_of
from codesearch.train.quantise import quantised_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def save_static(
    folder: Path,
    tokens: Sequence[str],
    table: NDArray[np.float32],
    query_weights: NDArray[np.float32],
    code_weights: NDArray[np.float32],
    place_weights: NDArray[np.float32],
) -> None:
    """Write ``config.json``, ``vocabulary.txt`` and ``model.safetensors``.

    Args:
        folder: made where it is missing.
        tokens: one a row of the table.
        table: vectors, shape ``(tokens, dim)``; stored as int8, each row to its own scale.
        query_weights: one a token, how much it counts in a query.
        code_weights: one a token, how much it counts in code.
        place_weights: one for each of the first ``MAX_TOKENS`` places in code.
    """
    from safetensors.numpy import save_file

    rows, scales = quantised_rows(table)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.txt").write_text("".join(f"{token}\n" for token in tokens), "utf-8")
    save_file(
        {
            "embeddings": rows,
            "query_weights": (query_weights * scales).astype(np.float32),
            "code_weights": (code_weights * scales).astype(np.float32),
            "place_weights": place_weights.astype(np.float32),
        },
        folder / "model.safetensors",
    )
    (folder / "model.safetensors").chmod(0o644)
    config = {"model_type": MODEL_TYPE, "tokens": len(tokens), "dim": int(table.shape[1]), "digest": digest_of(folder)}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
