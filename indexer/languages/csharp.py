"""C#."""

from indexer.languages.language import Language

CSHARP = Language(
    name="csharp",
    aliases=("c#", "cs"),
    extensions=(".cs", ".csx"),
    grammar="tree_sitter_c_sharp",
    query="""
    (method_declaration name: (_) @name body: (_) @body) @method
    (constructor_declaration name: (_) @name body: (_) @body) @method
    (destructor_declaration name: (_) @name body: (_) @body) @method
    (operator_declaration operator: _ @name body: (_) @body) @method
    (conversion_operator_declaration type: (_) @name body: (_) @body) @method
    (indexer_declaration "this" @name accessors: (_) @body) @method
    (property_declaration name: (_) @name value: (arrow_expression_clause) @body) @method
    (property_declaration name: (_) @name accessors: (accessor_list (accessor_declaration body: (_))) @body) @method
    (local_function_statement name: (_) @name body: (_) @body) @function
    (class_declaration name: (_) @name body: (_) @body) @class
    (struct_declaration name: (_) @name body: (_) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @class
    (enum_declaration name: (_) @name body: (_) @body) @class
    (record_declaration name: (_) @name body: (_)? @body) @class
    """,
)
