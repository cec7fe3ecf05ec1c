"""Deleting folders."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from indexer.remove import remove_folder


def test_read_only_folders_are_deleted_and_what_links_lead_to_stays_as_it_is(
    open_folder: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    open_folder.chmod(0o777)
    with as_ordinary_user():
        outside = open_folder / "outside"
        outside.mkdir(mode=0o500)
        objects = open_folder / "clone" / "objects"
        objects.mkdir(parents=True)
        (objects / "0").touch(mode=0o400)
        (objects / "link").symlink_to(outside)
        objects.chmod(0o500)
        remove_folder(open_folder / "clone")
    assert not (open_folder / "clone").exists()
    assert outside.stat().st_mode & 0o777 == 0o500
