"""Swift."""

import re

from indexer.languages.language import Language

SWIFT = Language(
    name="swift",
    extensions=(".swift",),
    grammar="tree_sitter_swift",
    query="""
    (function_declaration
        name: [(simple_identifier) (custom_operator) "==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/" "%"] @name
        body: (_) @body) @function
    (init_declaration name: "init" @name body: (_) @body) @method
    (deinit_declaration "deinit" @name body: (_) @body) @method
    (subscript_declaration "subscript" @name (computed_property) @body) @method
    (property_declaration name: (pattern) @name computed_value: (_) @body) @function
    (property_declaration name: (pattern) @name value: (lambda_literal) @body) @function
    (class_declaration declaration_kind: ["class" "struct" "enum" "actor"] name: (_) @name body: (_) @body) @class
    (class_declaration declaration_kind: "extension" name: (_) @name) @extension
    (protocol_declaration name: (_) @name body: (_) @body) @class
    """,
    separator=re.compile(r"^\.$|(?<=\w)\.|<.*>"),
)
