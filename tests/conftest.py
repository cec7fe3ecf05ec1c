"""Permissions that count even for root, and Ctrl-C that counts even in the background."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

# What the product imports when it is needed: another user may not be able to read the installation of root.
_IMPORTED_LATE = ("sqlite_utils", "faiss", "tantivy", "filelock", "indexer.extraction", "codesearch.cli.opened")

# A shell has the jobs that it runs in the background ignore Ctrl-C, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, which ``tmp_path`` is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def _ordinary_user() -> Iterator[None]:
    for module in _IMPORTED_LATE:
        importlib.import_module(module)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def as_ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Within it permissions count."""
    return _ordinary_user
