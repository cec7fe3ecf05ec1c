"""TypeScript, and the same with JSX, which has a grammar of its own."""

from dataclasses import replace

from indexer.languages.javascript import NAME_SEPARATOR, SHARED_QUERY, UNNAMED, WRAPPED, WRAPPERS
from indexer.languages.language import Language

TYPESCRIPT = Language(
    name="typescript",
    aliases=("ts", "tsx"),
    extensions=(".ts", ".mts", ".cts"),
    grammar="tree_sitter_typescript",
    grammar_function="language_typescript",
    query=SHARED_QUERY
    + f"""
    (public_field_definition name: (_) @name
        value: [(function_expression body: (_) @body) (arrow_function body: (_) @body) {WRAPPED}]) @method
    (abstract_class_declaration name: (_) @name body: (_) @body) @class
    (export_statement decorator: (_) declaration: (abstract_class_declaration name: (_) @name)) @class
    (interface_declaration name: (_) @name body: (_) @body) @class
    (enum_declaration name: (_) @name body: (_) @body) @class
    (type_alias_declaration name: (_) @name) @class
    (function_signature name: (_) @name) @function
    (class_body (method_signature) @prefix)
    (internal_module name: (_) @name) @namespace
    (module name: (_) @name) @namespace
    (class_body (decorator) @prefix)
    """,
    separator=NAME_SEPARATOR,
    unnamed=UNNAMED,
    keywords=WRAPPERS,
    has_overloads=True,
)
TSX = replace(TYPESCRIPT, extensions=(".tsx",), grammar_function="language_tsx")
