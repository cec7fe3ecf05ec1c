"""Haskell."""

import re

from indexer.languages.language import Language

HASKELL = Language(
    name="haskell",
    aliases=("hs",),
    extensions=(".hs", ".hsc"),
    interpreters=("runhaskell", "runghc", "stack"),
    grammar="tree_sitter_haskell",
    query="""
    (declarations (signature name: (_) @name) @function)
    (local_binds (signature name: (_) @name) @function . (function))
    (function name: (_) @name match: (_) @body) @function
    (function (infix operator: (_) @name) match: (_) @body) @function
    (declarations (bind name: (_) @name match: (_) @body) @function)
    (instance_declarations (bind name: (_) @name match: (_) @body) @function)
    (instance_declarations (bind name: (prefix_id (_) @name) match: (_) @body) @function)
    (type_synonym name: (_) @name) @class
    (data_type name: (_) @name) @class
    (newtype name: (_) @name) @class
    (class name: (_) @name declarations: (_)? @body) @class
    (instance patterns: (type_patterns . (_) @name) declarations: (_)) @extension
    """,
    line_comment=(b"--",),
    block_comment=(b"{-", b"-}"),
    separator=re.compile(r"[()`]|\s.*"),
    groups_clauses=True,
)
