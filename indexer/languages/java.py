"""Java."""

from indexer.languages.language import Language

JAVA = Language(
    name="java",
    extensions=(".java",),
    grammar="tree_sitter_java",
    query="""
    (method_declaration name: (_) @name body: (_) @body) @method
    (constructor_declaration name: (_) @name body: (_) @body) @method
    (compact_constructor_declaration name: (_) @name body: (_) @body) @method
    (class_declaration name: (_) @name body: (_) @body) @class
    (record_declaration name: (_) @name body: (_) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @class
    (enum_declaration name: (_) @name body: (_) @body) @class
    (annotation_type_declaration name: (_) @name body: (_) @body) @class
    (enum_constant name: (_) @name body: (_)) @extension
    """,
)
