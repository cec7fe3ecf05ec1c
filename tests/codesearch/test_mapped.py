"""Mapped safetensors files: the tensors that the library reads, or an error for whatever is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from codesearch.encoders.mapped import mapped_tensors

TENSORS: dict[str, NDArray[Any]] = {
    "bytes": np.arange(-6, 6, dtype=np.int8).reshape(3, 4),
    "halves": np.linspace(0, 1, 5, dtype=np.float16),
    "floats": np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 2, 2),
    "numbers": np.array([7], np.int64),
    "none": np.empty((0, 3), np.float32),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_file(TENSORS, path, metadata={"format": "np"})
    return path


def test_mapped_tensors_are_those_that_the_library_reads(saved: Path) -> None:
    mapped, read = mapped_tensors(saved), load_file(saved)
    assert mapped.keys() == read.keys()
    for name, tensor in read.items():
        assert mapped[name].dtype == tensor.dtype
        assert np.array_equal(mapped[name], tensor)


def test_a_mapped_tensor_cannot_be_written(saved: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mapped_tensors(saved)["bytes"][0, 0] = 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 300), st.binary(min_size=1, max_size=4))
def test_a_file_with_other_bytes_in_its_header_gives_tensors_of_its_size_or_an_error(
    saved: Path, at: int, other: bytes
) -> None:
    whole = saved.read_bytes()
    damaged = saved.with_name("damaged.safetensors")
    damaged.write_bytes(whole[:at] + other + whole[at + len(other) :])
    try:
        tensors = mapped_tensors(damaged)
    except ValueError as error:
        assert "damaged.safetensors is damaged" in str(error)
    else:
        assert sum(tensor.nbytes for tensor in tensors.values()) <= 2 * len(whole)


@pytest.mark.parametrize("size", [0, 7, 8, 40, -1])
def test_a_cut_file_is_refused(saved: Path, size: int) -> None:
    saved.write_bytes(saved.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        mapped_tensors(saved)
