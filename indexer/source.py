"""Reads one file that the crawler found and decodes it, or says why not."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from indexer.content import looks_binary, looks_generated, looks_minified
from indexer.crawl import CrawlOptions, FoundFile
from indexer.skip import SkipReason

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file."""

    text: str
    """Decoded, without a byte order mark; line ends are those of the file. Never holds a lone surrogate."""
    digest: bytes
    """16 bytes of BLAKE2b over the bytes of the file."""


def read_source(root: Path, found: FoundFile, options: CrawlOptions) -> Source | SkipReason:
    """The text of ``found`` below ``root`` (or of ``root``, if it is a file itself), or why it is not indexed.

    Never raises for anything a file can be: it may have vanished, grown, become a link or a FIFO since it was found.
    Reads at most ``options.max_file_size`` bytes and one more.
    """
    folder = root if root.is_dir() else root.parent
    data = _read(folder, found, options.max_file_size)
    if isinstance(data, SkipReason):
        return data
    text = decode(data)
    if text is None:
        return SkipReason.BINARY
    if looks_generated(data):
        return SkipReason.GENERATED
    if looks_minified(data):
        return SkipReason.MINIFIED
    return Source(text, blake2b(data, digest_size=DIGEST_BYTES).digest())


def _read(folder: Path, found: FoundFile, limit: int) -> bytes | SkipReason:
    path = os.path.join(folder, found.path)  # noqa: PTH118 - a Path would cost more than opening the file
    try:
        # O_NONBLOCK: opening a FIFO that has no writer would wait for one for ever.
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NON_BLOCKING | _BINARY_MODE | _CLOSE_ON_EXEC)
    except FileNotFoundError:
        return SkipReason.VANISHED
    except OSError:
        return SkipReason.SYMLINK if os.path.islink(path) else SkipReason.UNREADABLE  # noqa: PTH114
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return SkipReason.SPECIAL
        # The crawler came to this inode through real folders. Another one may lie behind a folder that has become a
        # link since then.
        if status.st_ino != found.inode and not _is_within(path, folder):
            return SkipReason.OUTSIDE
        data = _read_up_to(descriptor, limit + 1, status.st_size)
        return data if len(data) <= limit else SkipReason.TOO_LARGE
    except OSError:
        return SkipReason.UNREADABLE
    finally:
        os.close(descriptor)


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)
_BINARY_MODE = getattr(os, "O_BINARY", 0)
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)


def _is_within(path: str, folder: Path) -> bool:
    real_folder = os.path.realpath(folder)
    return os.path.commonpath([os.path.realpath(path), real_folder]) == real_folder


def _read_up_to(descriptor: int, limit: int, expected: int) -> bytes:
    data = os.read(descriptor, min(limit, expected + 1))
    if len(data) == expected:
        return data
    parts = [data]
    left = limit - len(data)
    while left > 0 and (part := os.read(descriptor, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


# Decoding --------------------------------------------------------------------------------------------------------

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

# PEP 263, which took it over from Emacs and Vim, so that it is met in other languages too.
_DECLARED = re.compile(rb"^[ \t\f]*[#/;%*\"<-].{0,80}?coding[:=][ \t]*([-\w.]{1,40})")
_DECLARABLE = re.compile(
    r"(iso|latin|cp|windows|koi8|mac|gb|big5|hz|euc|shift|sjis|ms932|johab|tis|ptcp|l[0-9])[-_\w]*"
)


def decode(data: bytes) -> str | None:
    """The text of a file's bytes, or None if they are not text.

    In this order: the byte order mark; UTF-16 without one, where every other byte is zero as in Latin text; UTF-8;
    the encoding that one of the first two lines declares; UTF-8 with a few broken characters; Windows-1252, which
    leaves what is written in ASCII, all that matters in most source, right whatever the encoding was.
    """
    if data[:1] in (b"\xff", b"\xfe", b"\0"):
        for mark, encoding in _MARKS:
            if data.startswith(mark):
                return _strict(data[len(mark) :], encoding)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        likely = _utf16_without_mark(data)
        return _strict(data, likely) if likely else None
    if looks_binary(data):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _legacy(data)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _utf16_without_mark(data: bytes) -> str | None:
    head = data[:4096]
    if len(data) % 2 or len(head) < 4:
        return None
    half = len(head) // 2
    zeros_first, zeros_second = head[::2].count(0), head[1::2].count(0)
    if zeros_second * 2 > half and zeros_first == 0:
        return "utf-16-le"
    if zeros_first * 2 > half and zeros_second == 0:
        return "utf-16-be"
    return None


def _legacy(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        declared = _DECLARED.match(line)
        if declared and _DECLARABLE.fullmatch(name := declared[1].decode("ascii", "replace").lower()):
            try:
                return data.decode(name)
            except (LookupError, UnicodeDecodeError):
                break
    repaired = data.decode("utf-8", "replace")
    broken = repaired.count("\ufffd")
    beyond_ascii = sum(character > "\x7f" for character in repaired)
    if beyond_ascii > 2 * broken:
        return repaired
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
