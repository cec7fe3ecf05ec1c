"""From a model's name to its folder: shipped with the package, local, or from the Hugging Face hub."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.encoders.checkpoint import OTHER_RUNTIMES, Checkpoint
from codesearch.errors import ModelError
from indexer.errors import first_line
from indexer.paths import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED_FOLDER = Path(__file__).resolve().parent.parent / "models"

# Only what loading needs: no pickles, no remote code, no exports to other runtimes.
HUB_PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model")
HUB_IGNORED = tuple(f"{folder}/*" for folder in sorted(OTHER_RUNTIMES))

_HUB_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


def resolve(name_or_path: str, shipped: Mapping[str, str]) -> Checkpoint:
    """Find a model: a shipped name, else a local folder, else ``owner/name`` or ``owner/name@revision`` on the hub.

    What the hub cache holds is used as it is, so that an index and its model stay together and no network is needed.

    Args:
        name_or_path: what the user typed.
        shipped: shipped names and their folder under ``codesearch/models``.

    Raises:
        ModelError: nothing of that name, or the hub cannot be reached.
    """
    if name_or_path in shipped:
        folder = SHIPPED_FOLDER / shipped[name_or_path]
        if not folder.is_dir():
            raise ModelError(f"model {name_or_path} is not part of this installation ({folder} is missing)")
        return Checkpoint(folder, folder.name)
    local = local_folder(name_or_path, shipped)
    if local:
        return Checkpoint(local, local.name)
    hub = _HUB_NAME.fullmatch(name_or_path)
    if hub is None or name_or_path.startswith("."):
        choices = ", ".join((*sorted(shipped), "a folder, or a hub name such as owner/name"))
        raise ModelError(f"no model {name_or_path!r}: give {choices}")
    folder = hub_folder(hub["repository"], hub["revision"])
    return Checkpoint(folder, hub["repository"].split("/")[1])


def local_folder(name_or_path: str, shipped: Mapping[str, str]) -> Path | None:
    """The absolute path of the folder that a name means to ``resolve``; None for a shipped or a hub name."""
    # A Path's own methods raise for a user that does not exist and for a folder that may not be entered.
    local = os.path.expanduser(name_or_path)  # noqa: PTH111
    return resolved(local) if name_or_path not in shipped and os.path.isdir(local) else None  # noqa: PTH112


def shipped_folders(shipped: Mapping[str, str]) -> dict[str, Path]:
    """The shipped names whose folders are part of this installation."""
    folders = {name: SHIPPED_FOLDER / folder for name, folder in shipped.items()}
    return {name: folder for name, folder in folders.items() if folder.is_dir()}


def hub_folder(repository: str, revision: str | None = None) -> Path:
    """The folder of a hub repository in the local cache, downloaded first where the cache lacks it."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError:
        raise ModelError(
            f"model {repository} is on the Hugging Face hub, which needs: "
            "pip install '.[models]' in codesearch's source folder"
        ) from None
    try:
        cached = Path(snapshot_download(repository, revision=revision, local_files_only=True))
        if _is_complete(cached):
            return cached
    except LocalEntryNotFoundError:
        pass
    except ValueError as error:  # of hub names, some letters in some places are none
        raise ModelError(f"no model {repository!r}: {first_line(error)}") from error
    return download(repository, revision, HUB_PATTERNS)


def download(repository: str, revision: str | None, patterns: Sequence[str]) -> Path:
    """Fetch the files of a hub repository that match ``patterns`` to the local cache."""
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                repository, revision=revision, allow_patterns=list(patterns), ignore_patterns=list(HUB_IGNORED)
            )
        )
    except Exception as error:  # the hub client raises its own, requests' and httpx's errors, by version
        raise ModelError(
            f"model {repository} is no folder and not in the hub cache, and cannot be downloaded: {first_line(error)}"
        ) from error


def _is_complete(folder: Path) -> bool:
    """Whether a cached snapshot has its weights; an interrupted or a metadata-only download has not."""
    if not (folder / "model.safetensors.index.json").is_file():
        return any(folder.rglob("*.safetensors"))
    try:
        return bool(Checkpoint(folder, folder.name).weight_files())
    except ModelError:
        return False
