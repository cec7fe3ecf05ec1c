"""The unit of retrieval: one function, method, class header or rest of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["function", "method", "class", "module", "window"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Function:
    """A piece of a source file that a search can return.

    Lines are 1-based and inclusive and count ``\\n``, ``\\r\\n`` and ``\\r`` once each.
    """

    kind: Kind
    """``function`` and ``method`` are whole definitions, ``class`` is a header with its members' signatures,
    ``module`` is what a file holds outside of all of these, ``window`` is a run of lines of a file that was
    not parsed."""
    name: str
    """The bare identifier, the file's stem for ``module`` and ``window``."""
    qualified_name: str
    """``Outer.inner`` for every language, with dots; equal to ``name`` at the top level."""
    start_line: int
    """First line: of the decorators, annotations or attributes where there are any."""
    end_line: int
    signature: str
    """The header without its body on one line, white space folded; empty for ``module`` and ``window``."""
    docstring: str
    """Docstring or leading doc comment, comment markers and indentation removed; empty if there is none."""
    text: str
    """What is encoded and shown. The exact source of the lines, with ``\\n`` for each line end, but for ``class``
    (header, members' signatures) and ``module`` (the lines outside every other function)."""
