from __future__ import annotations

import os
from pathlib import Path

import pytest
from stdlib_csn import records, write_original

from eval.vector_cache import VectorCache

# The numbers measured on the published CoSQA files are checked where those files are.
collect_ignore = [] if os.environ.get("CODESEARCH_COSQA") else ["test_cosqa_numbers.py"]


@pytest.fixture(scope="session")
def csn_rows() -> list[dict[str, object]]:
    return records()


@pytest.fixture(scope="session")
def csn_folder(csn_rows, tmp_path_factory) -> Path:
    return write_original(tmp_path_factory.mktemp("csn"), csn_rows)


@pytest.fixture
def cache(tmp_path) -> VectorCache:
    return VectorCache(tmp_path / "vectors.sqlite")
