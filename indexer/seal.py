"""Noticing that the files of a derived index are not the ones that were written."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK = 1 << 20
_ENDS = 1 << 18


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes, read in blocks."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value


def checksum_of_ends(path: Path, size: int) -> int:
    """CRC-32 of a small file's bytes, or of the first and last ones of a big file, which describe the others."""
    with path.open("rb") as file:
        value = zlib.crc32(file.read(_ENDS))
        if size > _ENDS:
            file.seek(max(_ENDS, size - _ENDS))
            value = zlib.crc32(file.read(_ENDS), value)
    return value


def seal(paths: Iterable[Path], before: str = "{}") -> str:
    """Describe files by name, size, modification time, checksum and checksum of their ends.

    Files that are as an earlier seal, ``before``, describes them are not read again.
    """
    known = json.loads(before)
    entries = {}
    for path in paths:
        stat = path.stat()
        entry = known.get(path.name)
        if entry is None or entry[:2] != [stat.st_size, stat.st_mtime_ns]:
            entry = [stat.st_size, stat.st_mtime_ns, checksum(path), checksum_of_ends(path, stat.st_size)]
        entries[path.name] = entry
    return json.dumps(entries, sort_keys=True)


def holds(folder: Path, sealed: str) -> bool:
    """Whether the files still are what was sealed.

    Of a file whose size and time agree only the ends are compared, since reading an index of gigabytes at each start
    would cost more than the search; one that was copied or touched is compared whole.
    """
    try:
        entries = json.loads(sealed)
        for name, (size, mtime_ns, crc, crc_of_ends) in entries.items():
            path = folder / name
            stat = path.stat()
            if stat.st_size != size or checksum_of_ends(path, size) != crc_of_ends:
                return False
            if stat.st_mtime_ns != mtime_ns and checksum(path) != crc:
                return False
    except (OSError, ValueError, AttributeError, TypeError):
        return False
    return True


def sealed_names(sealed: str) -> set[str]:
    """Names of the files that a seal describes."""
    return set(json.loads(sealed))
