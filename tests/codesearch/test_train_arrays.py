from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from codesearch.train.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO


def test_a_write_that_is_cut_short_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "kept.npz"
    write_arrays(path, {"one.ids": np.arange(3)})

    def begin_and_die(file: BinaryIO, **arrays: object) -> None:
        file.write(b"PK")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", begin_and_die)
    with pytest.raises(KeyboardInterrupt):
        write_arrays(path, {"one.ids": np.arange(4)})
    found = read_arrays(path)
    assert found is not None
    assert found["one.ids"].tolist() == [0, 1, 2]


def test_a_file_whose_bytes_changed_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    assert read_arrays(path) is None
    write_arrays(path, {"ids": np.arange(300)})
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    assert read_arrays(path) is None
