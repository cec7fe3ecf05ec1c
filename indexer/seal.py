"""Noticing that the files of a derived index are not the ones that were written."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK = 1 << 20


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes, read in blocks."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value


def seal(paths: Iterable[Path]) -> str:
    """Describe files by name, size, modification time and checksum."""
    entries = {}
    for path in paths:
        stat = path.stat()
        entries[path.name] = [stat.st_size, stat.st_mtime_ns, checksum(path)]
    return json.dumps(entries, sort_keys=True)


def holds(folder: Path, sealed: str, *, thorough: bool = False) -> bool:
    """Whether the files still are what was sealed.

    A file whose size and time agree is trusted, since reading an index of gigabytes at each start would cost more
    than the search; one that was copied or touched is compared by its checksum, ``thorough`` compares all.
    """
    try:
        entries = json.loads(sealed)
        for name, (size, mtime_ns, crc) in entries.items():
            path = folder / name
            stat = path.stat()
            if stat.st_size != size:
                return False
            if (thorough or stat.st_mtime_ns != mtime_ns) and checksum(path) != crc:
                return False
    except (OSError, ValueError):
        return False
    return True
