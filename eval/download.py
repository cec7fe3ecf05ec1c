"""Benchmark data from the network, into the cache: resumable and checksummed."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from eval.csn_files import LANGUAGES
from eval.errors import DataError
from indexer.errors import first_line
from indexer.location import cache_folder

CSN_URL = "https://zenodo.org/record/7857872/files/{language}.zip"
"""Where the original files are since Amazon's bucket was closed in 2023 (github.com/microsoft/CodeBERT, issue 262)."""

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30


def data_cache() -> Path:
    """Return where downloads are kept."""
    return cache_folder() / "eval" / "data"


def download_csn(languages: tuple[str, ...]) -> Path:
    """Download the original zip file of each language and return the folder that holds them.

    A file is checked by the zip format's own checksums, and its digest is recorded beside it: a later run that
    finds another digest refuses the file.
    """
    folder = data_cache() / "csn"
    for language in languages or LANGUAGES:
        fetch(CSN_URL.format(language=language), folder / f"{language}.zip", check=_whole_zip)
    return folder


def fetch(url: str, path: Path, check: Callable[[Path], None] | None = None) -> Path:
    """Download ``url`` to ``path`` unless it is there already, going on where an earlier attempt stopped.

    The digest is compared with the one recorded in ``path.sha256`` by the first download.
    Raises :class:`DataError` with one line when there is no network or the file is not what it must be.
    """
    record = path.with_name(path.name + ".sha256")
    expected = record.read_text(encoding="utf-8").strip() if record.exists() else None
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        _download(url, part)
        if check is not None:
            check(part)
        _require_digest(part, expected, url)
        record.write_text(digest_of(part) + "\n", encoding="utf-8")
        part.replace(path)
    else:
        _require_digest(path, expected, url)
    return path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _require_digest(path: Path, expected: str | None, url: str) -> None:
    if expected is not None and (found := digest_of(path)) != expected:
        path.unlink()
        raise DataError(f"{url} has the SHA-256 {found[:12]}… where {expected[:12]}… is due; removed, run again")


def _download(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            resumed = answer.status == 206
            with part.open("ab" if resumed else "wb") as file:
                while block := answer.read(CHUNK):
                    file.write(block)
            length = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return
        raise DataError(
            f"{url} cannot be downloaded (HTTP {error.code}); get it yourself and give its folder as DATA"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DataError(
            f"{url} cannot be downloaded ({reason}); run again with a network, or give its folder as DATA"
        ) from error
    if length is not None and part.stat().st_size != int(length) + (have if resumed else 0):
        raise DataError(f"{url} broke off after {part.stat().st_size:,} bytes; run again to go on from there")


def _whole_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as file:
            damaged = file.testzip()
    except Exception as error:  # flipped bytes raise a dozen kinds: of zlib, lzma, struct, zipfile ...
        path.unlink()
        raise DataError(f"{path.name} is not a whole zip file ({first_line(error)}); removed, run again") from error
    if damaged:
        path.unlink()
        raise DataError(f"{path.name} is damaged at {damaged}; removed, run again")
