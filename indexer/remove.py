"""Deleting folders."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def remove_folder(folder: Path) -> None:
    """Delete a folder and what is in it, also what is read-only: git's objects are, and Windows then keeps them.

    Raises:
        OSError: something cannot be deleted, or is added meanwhile.
    """
    try:
        shutil.rmtree(folder)
    except PermissionError:
        folder.chmod(0o700)
        for parent, folders, files in os.walk(folder):
            for path in (Path(parent, name) for name in (*folders, *files)):
                if not path.is_symlink():  # what it leads to is not ours
                    path.chmod(0o700)
        shutil.rmtree(folder)
