"""Zig."""

import re

from indexer.languages.language import Language

ZIG = Language(
    name="zig",
    extensions=(".zig", ".zon"),
    grammar="tree_sitter_zig",
    query="""
    (function_declaration name: (_) @name body: (_) @body) @function
    (variable_declaration ["const" "var"] . (identifier) @name [
        (struct_declaration "{" @body) (enum_declaration "{" @body) (union_declaration "{" @body)
        (opaque_declaration "{" @body) (error_set_declaration "{" @body)]) @class
    (test_declaration (string (_) @name) (block) @body) @function
    """,
    separator=re.compile(r"(?!)"),  # the name of a test is a sentence
    block_comment=None,
)
