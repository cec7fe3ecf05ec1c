"""PHP, within HTML or without."""

from indexer.languages.language import Language

PHP = Language(
    name="php",
    extensions=(".php", ".phtml", ".php3", ".php4", ".php5", ".phps"),
    interpreters=("php",),
    grammar="tree_sitter_php",
    grammar_function="language_php",
    query="""
    (function_definition name: (_) @name body: (_) @body) @function
    (method_declaration name: (_) @name body: (_) @body) @method
    (class_declaration name: (_) @name body: (_) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @class
    (trait_declaration name: (_) @name body: (_) @body) @class
    (enum_declaration name: (_) @name body: (_) @body) @class
    (assignment_expression left: (variable_name (name) @name)
        right: [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)]) @function
    """,
    line_comment=(b"//", b"#"),
    no_comment=(b"#!", b"#["),
)
