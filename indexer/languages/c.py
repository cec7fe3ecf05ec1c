"""C, and headers, which may be C or C++."""

import re

from indexer.languages.language import Language


def function_query(declarator: str, kind: str = "function") -> str:
    """Return the patterns for a function whose ``declarator`` is wrapped in up to two pointers."""
    return "\n".join(
        f"(function_definition declarator: {wrapped} body: (_) @body) @{kind}"
        for wrapped in (
            declarator,
            f"(pointer_declarator declarator: {declarator})",
            f"(pointer_declarator declarator: (pointer_declarator declarator: {declarator}))",
        )
    )


SHARED_QUERY = """
(preproc_function_def name: (_) @name value: (_) @body) @function
(struct_specifier name: (_) @name body: (_) @body) @class
(union_specifier name: (_) @name body: (_) @body) @class
(enum_specifier name: (_) @name body: (_) @body) @class
(type_definition type: [(struct_specifier body: (_) @body) (union_specifier body: (_) @body)
    (enum_specifier body: (_) @body)] declarator: (type_identifier) @name) @class
"""
LONE_MACRO = rb"^[ \t]*[A-Z][A-Z0-9_]{3,}[ \t\r]*$"
"""``BEGIN_NAMESPACE`` on a line of its own, which a parser that does not expand macros takes for a type."""

C = Language(
    name="c",
    extensions=(".c", ".idc"),
    grammar="tree_sitter_c",
    query=SHARED_QUERY
    + function_query("(function_declarator declarator: (identifier) @name)")
    + function_query("(function_declarator declarator: (parenthesized_declarator (identifier) @name))")
    # A macro that defines a function: TEST_IMPL(spawn_fails) { ... }
    + function_query("(parenthesized_declarator . (identifier) @name .)"),
    # Such a name above a function's is its type, as in drivers for Windows and in the C of Ruby.
    unreadable=re.compile(LONE_MACRO + rb"(?!\n[A-Za-z_]\w*[ \t]*\()", re.MULTILINE),
)
