"""Results on a terminal: clickable paths, and source in colours with the query's words marked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text

from codesearch.cli.printable import one_line, printable
from codesearch.query import parse
from indexer.paths import path_from_display
from indexer.split import split_identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codesearch.cli.show import Place
    from codesearch.hit import Hit

_INDENT = "    "
_SHORTEST_MARKED = 3
_MARK = "bold underline"
# Words of questions that would be marked everywhere.
_UNMARKED = {"and", "are", "does", "for", "from", "has", "have", "how", "into", "its", "not", "that", "the", "this"}
_UNMARKED |= {"use", "used", "what", "when", "where", "with"}


def print_coloured(query: str, hits: Sequence[Hit], lines: int, place: Place) -> None:
    """Print results with at most ``lines`` lines of source each, cut at the width of the terminal."""
    console = Console(highlight=False)
    words = _words_to_mark(query)
    for hit in hits:
        console.print(_header(hit, place.path(hit)), soft_wrap=True)
        source = [printable(line) for line in hit.snippet.strip("\r\n").splitlines()]
        if lines:
            more = len(source) - lines
            code = _code("\n".join(source if more == 1 else source[:lines]), hit.language)
            if words:
                code.highlight_regex(words, _MARK)
            for line in code.split("\n"):
                console.print(Text(_INDENT).append_text(line), no_wrap=True, overflow="ellipsis")
            if more > 1:
                console.print(f"{_INDENT}... {more} more lines", style="dim")
            console.print()


def _header(hit: Hit, path: str) -> Text:
    target = f"{Path(path_from_display(path)).absolute().as_uri()}#L{hit.start_line}"
    header = Text().append(f"{hit.rank:>2} ", "dim")
    header.append(one_line(f"{path}:{hit.start_line}"), Style(color="magenta", bold=True, link=target))
    header.append(f"-{hit.end_line}  {hit.kind} ", "dim")
    return header.append(one_line(hit.qualified_name), "bold cyan")


def _code(source: str, language: str) -> Text:
    code = Syntax("", language or "text", theme="ansi_dark", background_color="default").highlight(source)
    code.rstrip()
    return code


def _words_to_mark(query: str) -> re.Pattern[str] | None:
    """Matches the words of a query wherever they stand, also inside of an identifier; None if it has none."""
    text = parse(query).text
    words = {part for word in re.findall(r"\w+", text) for part in (word.lower(), *split_identifier(word))}
    marked = sorted(word for word in words - _UNMARKED if len(word) >= _SHORTEST_MARKED)
    return re.compile("|".join(map(re.escape, marked)), re.IGNORECASE) if marked else None
