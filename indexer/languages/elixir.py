"""Elixir, whose definitions are calls of macros and whose documentation is in attributes."""

import re

from indexer.languages.language import Language

_STRING = rb'(?:~[sS])?(?:"""(.*?)"""|"((?:[^"\\\n]|\\.)*)")'

ELIXIR = Language(
    name="elixir",
    aliases=("ex", "exs"),
    extensions=(".ex", ".exs"),
    interpreters=("elixir", "iex"),
    grammar="tree_sitter_elixir",
    query="""
    (call target: (identifier) @keyword (arguments . (alias) @name) (do_block) @body) @class
    (do_block (call target: (identifier) @keyword
        (arguments . [
            (identifier) @name
            (call target: (identifier) @name)
            (binary_operator left: (call target: (identifier) @name) operator: "when")
            (binary_operator left: (identifier) operator: _ @name)])
        (do_block)? @body) @function)
    (unary_operator operator: "@" operand: (call target: (identifier) @keyword)) @prefix
    """,
    keywords=frozenset(
        b"defmodule defprotocol defimpl def defp defmacro defmacrop defguard defguardp defdelegate defn defnp "
        b"doc spec impl deprecated since".split()
    ),
    line_comment=(b"#",),
    block_comment=None,
    inner_doc=re.compile(rb"do\b(?:[^\n]*\n){0,9}?[ \t]*@moduledoc\s+" + _STRING, re.DOTALL),
    prefix_doc=re.compile(rb"@doc\s+" + _STRING, re.DOTALL),
    has_methods=False,
    groups_clauses=True,
)
