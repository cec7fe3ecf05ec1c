"""Kotlin."""

import re

from indexer.languages.language import Language

KOTLIN = Language(
    name="kotlin",
    aliases=("kt", "kts"),
    extensions=(".kt", ".kts"),
    grammar="tree_sitter_kotlin",
    query="""
    (function_declaration name: (_) @name (function_body) @body) @function
    (function_declaration [(user_type) (nullable_type)] @receiver . name: (_) @name (function_body) @body) @method
    (secondary_constructor "constructor" @name (block) @body) @method
    (property_declaration (variable_declaration (identifier) @name) (getter (function_body)) @body) @function
    (property_declaration (variable_declaration (identifier) @name)
        [(lambda_literal) (anonymous_function)] @body) @function
    (class_declaration name: (_) @name [(class_body) (enum_class_body)]? @body) @class
    (object_declaration name: (_) @name (class_body)? @body) @class
    (companion_object name: (_) @name) @namespace
    """,
    separator=re.compile(r"\.|<.*>|\?"),
)
