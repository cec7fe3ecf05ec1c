"""What has to be said about a programming language so that its functions can be found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter


@dataclass(frozen=True, slots=True)
class Language:
    """One declaration: how files of a language are recognised, parsed and read.

    ``query`` is a tree-sitter query (https://tree-sitter.github.io/tree-sitter/using-parsers/queries). Each of its
    patterns captures one definition under one of these names

    * ``@function``, ``@method``, ``@class``: becomes a unit. A ``@function`` directly inside a ``@class`` or an
      ``@extension`` is a method.
    * ``@extension``: no unit, but names its members and makes them methods (``impl`` in Rust).
    * ``@namespace``: no unit, only names what is in it.

    together with ``@name`` (an identifier, or a path that ``separator`` splits), ``@body`` (what the signature leaves
    out), and where it applies ``@receiver`` (the type a method belongs to, written outside of it). Where two patterns
    capture the same ``@name``, the wider definition wins: a decorated function over the bare one. ``@prefix`` alone
    captures what stands above a definition and belongs to it: attributes, decorators that are siblings. Where one
    ``@body`` is captured twice, the wider definition wins as well: a ``typedef`` over the tag of its struct.
    A match whose ``@keyword`` is not one of ``keywords`` is dropped; this is done here because tree-sitter's own
    predicates (``#eq?``) crash on trees that were parsed under a budget. In telling whether two patterns capture the
    same, a ``@keyword`` stands for the ``@name``, so that ``TEST(Shelf, IsEmpty)`` is not a function ``TEST`` as well.
    """

    name: str
    """What users write after ``lang:``; two grammars may share it (TypeScript and TSX)."""
    grammar: str
    """The import path of the published grammar package, imported when the first file of the language is met."""
    query: str
    extensions: tuple[str, ...]
    """With their dot, in lower case."""
    aliases: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    """Commands of a ``#!`` line, without version."""
    grammar_function: str = "language"
    """The function of the grammar package that gives the grammar."""
    line_comment: tuple[bytes, ...] = (b"//",)
    no_comment: tuple[bytes, ...] = (b"#!",)
    """What begins like a line comment and is none."""
    block_comment: tuple[bytes, bytes] | None = (b"/*", b"*/")
    inner_doc: re.Pattern[bytes] | None = None
    """Matches at the start of a body or of a file; its first group that took part is the documentation."""
    prefix_doc: re.Pattern[bytes] | None = None
    """The same, searched for in the ``@prefix`` of a definition."""
    keywords: frozenset[bytes] = frozenset()
    """What a ``@keyword`` may be."""
    separator: re.Pattern[str] = re.compile(r"\.")
    """Splits a ``@name`` into its parts."""
    unnamed: frozenset[str] = frozenset()
    """Parts of a ``@name`` that say nothing (``prototype``), dropped unless they are all there is."""
    unreadable: re.Pattern[bytes] | None = None
    """Matches what the grammar cannot read, such as macros; it is hidden from the parser, its first group if any."""
    stand_ins: tuple[tuple[re.Pattern[bytes], bytes], ...] = ()
    """The same, but the parser is shown something else there, which is no longer and filled up with blanks."""
    has_methods: bool = True
    """Whether a function in a class is called a method."""
    variant: tuple[str, re.Pattern[str]] | None = None
    """Another name, and what a file of that name has in it: a header with classes is C++."""
    groups_clauses: bool = False
    """Whether consecutive definitions of one name are clauses of one function (Haskell, Elixir)."""
    has_overloads: bool = False
    """Whether functions without a body right above one of their name are its signatures (TypeScript)."""

    def name_of(self, text: str) -> str:
        """Return the name of the language that a file with this text is in."""
        if self.variant and self.variant[1].search(text):
            return self.variant[0]
        return self.name


@cache
def compiled(language: Language) -> tuple[tree_sitter.Language, tree_sitter.Query]:
    """Return the grammar and the query of a language, imported and compiled once."""
    from tree_sitter import Language as Grammar
    from tree_sitter import Query

    grammar = Grammar(getattr(import_module(language.grammar), language.grammar_function)())
    return grammar, Query(grammar, language.query)
