"""JavaScript with JSX, and the patterns that TypeScript shares with it."""

import re

from indexer.languages.language import Language

SHARED_QUERY = """
(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @method
(class_declaration name: (_) @name body: (_) @body) @class
(export_statement decorator: (_) declaration: (class_declaration name: (_) @name)) @class
(export_statement "default" @name value: [(function_expression body: (_) @body) (arrow_function body: (_) @body)])
    @function
(export_statement "default" @name value: (class body: (_) @body)) @class
(variable_declarator name: (identifier) @name
    value: [(function_expression body: (_) @body) (generator_function body: (_) @body)
            (arrow_function body: (_) @body)]) @function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(variable_declarator name: (identifier) @name value: (object)) @namespace
(assignment_expression left: [(identifier) (member_expression)] @name
    right: [(function_expression body: (_) @body) (generator_function body: (_) @body)
            (arrow_function body: (_) @body)]) @function
(assignment_expression left: [(identifier) (member_expression)] @name right: (class body: (_) @body)) @class
(assignment_expression left: [(identifier) (member_expression)] @name right: (object)) @namespace
(pair key: (_) @name
    value: [(function_expression body: (_) @body) (generator_function body: (_) @body)
            (arrow_function body: (statement_block) @body)]) @function
(program (lexical_declaration (variable_declarator name: (identifier) @name
    value: (call_expression arguments:
        (arguments [(arrow_function) (function_expression)]))) @function))
(program (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier) @name
    value: (call_expression arguments:
        (arguments [(arrow_function) (function_expression)]))) @function)))
"""
NAME_SEPARATOR = re.compile(r"\?*\.|[\[\]'\"`]+")
UNNAMED = frozenset({"prototype", "exports", "module", "this", "self", "window", "globalThis"})

JAVASCRIPT = Language(
    name="javascript",
    aliases=("js", "jsx", "node"),
    extensions=(".js", ".jsx", ".mjs", ".cjs", ".es6"),
    filenames=("Jakefile",),
    interpreters=("node", "nodejs", "deno", "bun"),
    grammar="tree_sitter_javascript",
    query=SHARED_QUERY
    + """
    (field_definition property: (_) @name
        value: [(function_expression body: (_) @body) (arrow_function body: (_) @body)]) @method
    """,
    separator=NAME_SEPARATOR,
    unnamed=UNNAMED,
)
