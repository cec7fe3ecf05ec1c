"""Static encoders: this project's own folders and model2vec's.

Model2vec (Tulkens and van Dongen, 2024, https://github.com/MinishLab/model2vec) publishes minishlab/potion-base-*,
minishlab/potion-code-* and their like. Neither torch nor transformers is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.encoders.static import StaticEncoder

if TYPE_CHECKING:
    from codesearch.encoders.checkpoint import Checkpoint


def load(checkpoint: Checkpoint, device: str | None = None) -> StaticEncoder:
    """Load a static encoder; it runs on the CPU whatever the device."""
    checkpoint.weight_files()
    encoder = StaticEncoder.load(checkpoint.folder)
    # In the hub cache the folder is named after a commit.
    encoder.name = encoder.name.replace(f"{checkpoint.folder.name}@", f"{checkpoint.label}@", 1)
    return encoder
