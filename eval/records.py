"""Strict reading of benchmark files: what is damaged is refused with file and line, or counted."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from eval.errors import DataError
from indexer.errors import first_line

T = TypeVar("T")


@dataclass
class Reader:
    """Reads records and keeps count of what it leaves out.

    With ``skip_damaged`` a damaged line or a missing field leaves that record out and counts it in ``counts``;
    otherwise it raises :class:`DataError`.
    """

    skip_damaged: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def json_lines(self, path: Path, member: str | None = None) -> Iterator[Record]:
        """Yield the objects of a JSON Lines file (``.gz`` is unpacked); ``member`` reads a file inside a zip."""
        where = _place(path, member)
        for number, line in enumerate(text_lines(path, member), start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                self._refuse(f"{where}:{number}", f"is not JSON ({error})", "damaged lines left out")
                continue
            if isinstance(value, dict):
                yield Record(value, f"{where}:{number}")
            else:
                self._refuse(f"{where}:{number}", "is not a JSON object", "damaged lines left out")

    def complete(self, record: Record, *names: str, kind: type = str) -> bool:
        """Tell whether the named fields are all there and of ``kind``; if not, refuse or count the record."""
        for name in names:
            if name not in record.value:
                self._refuse(record.where, f"has no field {name!r}", f"records left out: no field {name!r}")
                return False
            if not isinstance(record.value[name], kind) or isinstance(record.value[name], bool):
                found = type(record.value[name]).__name__
                self._refuse(
                    record.where,
                    f"has a {found} as {name!r} where a {kind.__name__} is expected",
                    f"records left out: {name!r} is not a {kind.__name__}",
                )
                return False
        return True

    def _refuse(self, where: str, what: str, counted_as: str) -> None:
        if not self.skip_damaged:
            raise DataError(f"{where} {what}; mend it, or leave such records out and count them with --skip-damaged")
        self.counts[counted_as] += 1


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object and where it stands (``FILE:LINE``)."""

    value: dict[str, Any]
    where: str

    def __getitem__(self, name: str) -> Any:
        """Return a field that is known to be there."""
        return self.value[name]

    def text(self, name: str) -> str:
        """Return a field of text; a list of tokens is joined with spaces."""
        value = self.value[name]
        return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def read_json(path: Path) -> Any:
    """Read a whole JSON file, refusing an object that holds the same key twice."""
    try:
        return json.loads("".join(text_lines(path)), object_pairs_hook=lambda pairs: _unique(pairs, path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON ({error}); get the file again") from error


def read_records(path: Path) -> list[Record]:
    """Read a JSON file that is one list of objects."""
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path} is not a JSON list of objects; get the file again")
    return [Record(row, f"{path}: record {number}") for number, row in enumerate(rows, start=1)]


def text_lines(path: Path, member: str | None = None, mend: str = "check DATA") -> Iterator[str]:
    """Yield the lines of a file with their ends; ``.gz`` is unpacked, and ``member`` reads a file inside a zip.

    Raises :class:`DataError` for a file that cannot be read (``mend`` says what helps), is damaged or is not UTF-8.
    """
    for number, line in enumerate(_byte_lines(path, member, mend), start=1):
        yield _decoded(line, f"{_place(path, member)}:{number}")


def _unique(pairs: list[tuple[str, T]], path: Path) -> dict[str, T]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise DataError(f"{path} holds the key {repeated[:60]!r} twice; get the file again")
    return found


def _byte_lines(path: Path, member: str | None, mend: str) -> Iterator[bytes]:
    try:
        with ExitStack() as stack:
            stream: Any = stack.enter_context(path.open("rb"))
            if member:
                stream = stack.enter_context(stack.enter_context(zipfile.ZipFile(stream)).open(member))
            if (member or path.name).endswith(".gz"):
                stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
            yield from io.BufferedReader(stream)
    except Exception as error:  # flipped bytes of an archive raise a dozen kinds: of zlib, lzma, struct, zipfile ...
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"{path} cannot be read ({error.strerror}); {mend}") from error
        raise DataError(
            f"{_place(path, member)} is damaged or cut short ({first_line(error)}); get the file again"
        ) from error


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"{error.reason} at byte {error.start} of the line"
        raise DataError(f"{where} is not UTF-8 ({found}); get the file again") from error


def _place(path: Path, member: str | None) -> str:
    return f"{path}!{member}" if member else str(path)
