"""How an index was made: remembered, so that a later search without options brings the same index up to date."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from codesearch.encoders.load import SHIPPED
from codesearch.encoders.resolve import local_folder
from indexer.errors import StoreError
from indexer.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEY = "settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose for an index."""

    encoder: str = "default"
    """A name that ``load_encoder`` knows wherever it is called; an encoder that was passed as an object has none and is
    not remembered."""
    exclude: tuple[str, ...] = ()
    max_file_size: int = 1_000_000

    def changed(self, encoder: str | None, exclude: Sequence[str] | None, max_file_size: int | None) -> Settings:
        """With what is given instead of what is known; an empty pattern excludes nothing."""
        return Settings(
            self.encoder if encoder is None else str(local_folder(encoder, SHIPPED) or encoder),
            self.exclude if exclude is None else tuple(filter(None, exclude)),
            self.max_file_size if max_file_size is None else max_file_size,
        )

    def remember(self, store: Store) -> None:
        """Keep them with the index; the caller holds its lock."""
        text = json.dumps(asdict(self))
        if store.meta(_KEY) != text:
            with store.transaction():
                store.set_meta(_KEY, text)


def remembered(folder: Path) -> Settings:
    """What the index in ``folder`` was made with; the defaults where there is none that can be read."""
    try:
        with closing(Store.open(folder)) as store:
            values = json.loads(store.meta(_KEY) or "{}")
        return Settings(**{**values, "exclude": tuple(values.get("exclude", ()))})
    except (StoreError, sqlite3.DatabaseError, ValueError, TypeError):
        return Settings()  # there is none; or opening it for the refresh will tell what is wrong and mend it
