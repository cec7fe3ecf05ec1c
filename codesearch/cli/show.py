"""Printing results: text with snippets, vimgrep lines, paths or JSON."""

from __future__ import annotations

import json
import os
import posixpath
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.cli.printable import one_line
from codesearch.errors import CodesearchError
from indexer.paths import display_path, resolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codesearch.hit import Hit
    from codesearch.target import Target

FORMATS = ("text", "vimgrep", "paths", "json")


def chosen_format(name: str, as_json: bool) -> str:
    """The output format that was asked for.

    Raises:
        CodesearchError: there is no such format.
    """
    if name not in FORMATS:
        raise CodesearchError(f"unknown --format '{name}': use one of {', '.join(FORMATS)}")
    return "json" if as_json else name


@dataclass(frozen=True, slots=True)
class Place:
    """Where the searched root is, seen from where the user is."""

    prefix: str
    """Put before a path of a result, it gives a path that opens from the current folder."""
    inside: str = ""
    """The current folder, where it lies in the root, relative to it."""

    @classmethod
    def of(cls, typed: str, target: Target) -> Place:
        """Keep the style of the path that was typed, as grep does: ``src`` gives ``src/a.py``, ``.`` gives ``a.py``."""
        if target.repository.url or not Path(typed).exists() or Path(typed).is_absolute():
            return cls(f"{display_path(target.top.as_posix())}/")
        here = resolved(".")
        if here != target.top and here.is_relative_to(target.top):
            return cls("", display_path(here.relative_to(target.top).as_posix()))
        relative = Path(os.path.relpath(target.top, here)).as_posix()
        return cls("" if relative == "." else f"{display_path(relative)}/")

    def path(self, hit: Hit) -> str:
        """The path of a result to print."""
        return posixpath.relpath(hit.path, self.inside) if self.inside else self.prefix + hit.path


def print_hits(
    query: str, hits: Sequence[Hit], took_ms: float, form: str, lines: int, place: Place, *, marked: str
) -> None:
    """Print results in one of ``FORMATS``.

    ``lines`` is how much source to show of each; on a terminal the words of the query ``marked`` stand out in it.
    """
    if form == "json":
        asked = query.encode(errors="replace").decode()  # a byte that was not UTF-8 is in no JSON
        results = [hit.as_dict() for hit in hits]
        _write(json.dumps({"query": asked, "results": results, "took_ms": round(took_ms, 3)}))
    elif form == "vimgrep":
        for hit in hits:
            _write(one_line(f"{place.path(hit)}:{hit.start_line}:1:{hit.signature or _first_line(hit.snippet)}"))
    elif form == "paths":
        for path in dict.fromkeys(place.path(hit) for hit in hits):
            _write(one_line(path))
    elif sys.stdout.isatty():
        from codesearch.cli.coloured import print_coloured

        print_coloured(marked, hits, lines, place)
    else:
        for hit in hits:
            _write(one_line(_header(hit, place)))
            if lines:
                _write(_indented(hit, lines))


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _header(hit: Hit, place: Place) -> str:
    return f"{place.path(hit)}:{hit.start_line}-{hit.end_line}  {hit.kind} {hit.qualified_name}"


def _indented(hit: Hit, lines: int) -> str:
    return "".join(f"    {line}\n" for line in _shown(hit, lines))


def _shown(hit: Hit, lines: int) -> list[str]:
    """The first lines of a snippet, and how many more there are."""
    source = hit.snippet.strip("\r\n").splitlines()
    more = len(source) - lines
    return source if more <= 1 else [*source[:lines], f"... {more} more lines"]  # a last line says more than "1 more"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
