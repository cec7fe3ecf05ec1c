"""Noticing that files are not the ones that were written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.seal import checksum, holds, seal

SMALL = b"0123456789" * 100
BIG = b"0123456789" * 100_000


@pytest.fixture(params=[SMALL, BIG], ids=["small", "big"])
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "file"
    path.write_bytes(request.param)
    return path, seal([path])


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


def test_untouched_files_hold(sealed: tuple[Path, str]) -> None:
    path, line = sealed
    assert holds(path.parent, line)


def test_files_that_an_earlier_seal_describes_are_not_read_again(
    sealed: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, line = sealed
    new = path.with_name("new")
    new.write_bytes(b"new")
    read: list[str] = []
    whole = checksum
    monkeypatch.setattr("indexer.seal.checksum", lambda file: read.append(file.name) or whole(file))
    assert holds(path.parent, seal([path, new], line))
    assert read == ["new"]


def test_a_copy_with_another_time_holds(sealed: tuple[Path, str]) -> None:
    path, line = sealed
    os.utime(path, ns=(1, 1))
    assert holds(path.parent, line)


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 0.999])
def test_a_flipped_bit_is_noticed(sealed: tuple[Path, str], place: float) -> None:
    path, line = sealed
    flip(path, int(place * path.stat().st_size))
    os.utime(path, ns=(1, 1))
    assert not holds(path.parent, line)


@pytest.mark.parametrize("offset", [0, -1])
def test_a_flipped_bit_at_either_end_is_noticed_even_if_the_time_agrees(sealed: tuple[Path, str], offset: int) -> None:
    path, line = sealed
    stat = path.stat()
    flip(path, offset)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not holds(path.parent, line)


def test_a_truncated_emptied_or_deleted_file_is_noticed(sealed: tuple[Path, str]) -> None:
    path, line = sealed
    os.truncate(path, path.stat().st_size - 1)
    assert not holds(path.parent, line)
    os.truncate(path, 0)
    assert not holds(path.parent, line)
    path.unlink()
    assert not holds(path.parent, line)


@pytest.mark.parametrize("line", ["", "null", "[]", '{"file": 1}', '{"file": [1, 2, 3]}', "\x00"])
def test_a_damaged_seal_does_not_hold(tmp_path: Path, line: str) -> None:
    (tmp_path / "file").write_bytes(SMALL)
    assert not holds(tmp_path, line)
