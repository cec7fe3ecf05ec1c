"""Rust."""

import re

from indexer.languages.language import Language

RUST = Language(
    name="rust",
    aliases=("rs",),
    extensions=(".rs",),
    grammar="tree_sitter_rust",
    query="""
    (function_item name: (_) @name body: (_) @body) @function
    (macro_definition name: (_) @name) @function
    (struct_item name: (_) @name body: (_)? @body) @class
    (enum_item name: (_) @name body: (_) @body) @class
    (union_item name: (_) @name body: (_) @body) @class
    (trait_item name: (_) @name body: (_) @body) @class
    (impl_item type: (_) @name body: (_)) @extension
    (mod_item name: (_) @name body: (_)) @namespace
    (attribute_item) @prefix
    """,
    separator=re.compile(r"::|<.*>|&(?:\s*'\w+\s)?(?:\s*mut\s)?|\bdyn\s"),
)
