"""CodeSearchNet in the shapes it goes around in, all read to the same records.

- the original tree ``python/final/jsonl/test/*.jsonl.gz``, the folder above it, or ``python.zip`` as downloaded;
- the cleaned lists of GraphCodeBERT and CodeXGLUE: a folder a language with ``test.jsonl`` and ``codebase.jsonl``;
- the Hugging Face parquet files of ``code-search-net/code_search_net``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import DataError
from eval.records import Reader, Record
from indexer.errors import first_line

LANGUAGES = ("python", "java", "go", "php", "javascript", "ruby")

PARQUET_SPLITS = {"test": "test", "valid": "validation", "train": "train"}


@dataclass(frozen=True)
class CsnFiles:
    """The files of one language and one split."""

    language: str
    shape: str
    """``original``, ``cleaned`` or ``parquet``."""
    files: tuple[Path, ...]
    members: tuple[str, ...] = ()
    """Names inside the one zip file of ``files``."""
    codebase: Path | None = None
    """The list of all candidates; only the cleaned shape has one."""

    def records(self, reader: Reader) -> Iterator[Record]:
        """Yield the records that queries are made from."""
        if self.members:
            for member in self.members:
                yield from reader.json_lines(self.files[0], member)
        elif self.shape == "parquet":
            for file in self.files:
                yield from _parquet(file)
        else:
            for file in self.files:
                yield from reader.json_lines(file)


def find_csn(data: Path, split: str, languages: tuple[str, ...]) -> list[CsnFiles]:
    """Find the files of each language under ``data`` in whichever shape they are.

    Raises :class:`DataError` when there are none, or none for a language that was asked for.
    """
    if not data.exists():
        raise DataError(f"{data} does not exist; give a CodeSearchNet folder, zip or parquet file")
    found = [files for language in languages or LANGUAGES if (files := files_of(data, split, language))]
    missing = set(languages) - {files.language for files in found}
    if missing or not found:
        raise DataError(
            f"{data} holds no {split} split of {', '.join(sorted(missing)) or 'any language'}: looked for "
            f"LANGUAGE/final/jsonl/{split}/*.jsonl.gz, LANGUAGE.zip, LANGUAGE/{split}.jsonl and "
            f"LANGUAGE/{PARQUET_SPLITS[split]}-*.parquet"
        )
    return found


def files_of(data: Path, split: str, language: str) -> CsnFiles | None:
    """Find the files of one language and split; None when there are none."""
    for root in (data / language, data):
        if root == data and not _is_of(data, language):
            continue
        jsonl = sorted((root / "final" / "jsonl" / split).glob("*.jsonl*")) or sorted((root / split).glob("*.jsonl*"))
        if jsonl:
            return CsnFiles(language, "original", tuple(jsonl))
        if (root / f"{split}.jsonl").exists():
            codebase = root / "codebase.jsonl"
            return CsnFiles(
                language, "cleaned", (root / f"{split}.jsonl",), codebase=codebase if codebase.exists() else None
            )
        parquet = sorted(root.glob(f"{PARQUET_SPLITS[split]}-*.parquet"))
        if parquet:
            return CsnFiles(language, "parquet", tuple(parquet))
    archive = data if data.suffix == ".zip" and data.stem == language else data / f"{language}.zip"
    return _zipped(archive, split, language) if archive.is_file() else None


def _is_of(folder: Path, language: str) -> bool:
    """Tell whether a folder that has no subfolder per language is this language's own."""
    return folder.name == language or folder.name.startswith(f"{language}-")


def _zipped(archive: Path, split: str, language: str) -> CsnFiles | None:
    try:
        with zipfile.ZipFile(archive) as file:
            names = file.namelist()
    except Exception as error:  # flipped bytes raise other kinds than BadZipFile too
        raise DataError(f"{archive} is not a whole zip file ({first_line(error)}); get it again") from error
    members = sorted(name for name in names if f"/jsonl/{split}/" in name and ".jsonl" in Path(name).name)
    return CsnFiles(language, "original", (archive,), tuple(members)) if members else None


def _parquet(path: Path) -> Iterator[Record]:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise DataError("parquet files need pyarrow: pip install '.[eval]' in codesearch's source folder") from error
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield Record(_renamed(row), f"{path}: row {number}")
    except (OSError, ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged or cut short ({first_line(error)}); get the file again") from error


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    """Give a Hugging Face row the names of the original fields."""
    names = {
        "func_code_url": "url",
        "func_documentation_string": "docstring",
        "func_documentation_tokens": "docstring_tokens",
        "func_code_string": "code",
        "func_code_tokens": "code_tokens",
        "whole_func_string": "original_string",
        "repository_name": "repo",
        "func_path_in_repository": "path",
    }
    return {names.get(name, name): value for name, value in row.items()}
