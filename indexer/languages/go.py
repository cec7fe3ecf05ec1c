"""Go."""

from indexer.languages.language import Language

GO = Language(
    name="go",
    aliases=("golang",),
    extensions=(".go",),
    grammar="tree_sitter_go",
    query="""
    (function_declaration name: (_) @name body: (_) @body) @function
    (method_declaration
        receiver: (parameter_list (parameter_declaration type: [
            (type_identifier) @receiver
            (generic_type type: (_) @receiver)
            (pointer_type (type_identifier) @receiver)
            (pointer_type (generic_type type: (_) @receiver))]))
        name: (_) @name body: (_) @body) @method
    (type_spec name: (_) @name) @class
    (type_alias name: (_) @name) @class
    (source_file (var_declaration (var_spec name: (_) @name
        value: (expression_list . (func_literal body: (_) @body) .))) @function)
    """,
)
