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
    (source_file (annotated_expression) @prefix)
    """,
    # Context parameters, in front of a declaration and of a function type, where the grammar expects annotations.
    stand_ins=(
        (
            re.compile(
                rb"\b(context\((?:[^()\"]|\([^()\"]*\))*\))"
                rb"(?=\s*(?:@|(?:public|internal|private|protected|inline|suspend|override|operator|abstract|open|fun|val|var"
                rb"|class)\b)|[ \t]*[\w.<>?*$]*\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)[ \t]*->)"
            ),
            b"@c",
        ),
    ),
    separator=re.compile(r"\.|<.*>|\?"),
)
