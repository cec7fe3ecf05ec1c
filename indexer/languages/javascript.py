"""JavaScript with JSX, and the patterns that TypeScript shares with it."""

import re

from indexer.languages.language import Language

WRAPPERS = frozenset(
    b"$constructor curry debounce forwardRef memo memoize observer once partial promisify throttle wrap".split()
)
"""Methods that make a function of a function (``React.memo``); others take it in to work on data (``xs.filter``)."""


def _call(argument: str) -> str:
    """Return the pattern of a call that wraps its ``argument``."""
    wrapper = "[(identifier) (member_expression property: (_) @keyword)]"
    return f"(call_expression function: {wrapper} arguments: (arguments {argument}))"


_FUNCTION = """[(function_expression body: (_) @body) (generator_function body: (_) @body)
    (arrow_function body: (_) @body)]"""
WRAPPED = f"[{_call(_FUNCTION)} {_call(_call(_FUNCTION))}]"
"""A function in a call or two: ``memo(forwardRef((props) => ...))``."""

SHARED_QUERY = f"""
(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @method
(class_declaration name: (_) @name body: (_) @body) @class
(export_statement decorator: (_) declaration: (class_declaration name: (_) @name)) @class
(export_statement "default" @name value: [(function_expression body: (_) @body) (arrow_function body: (_) @body)])
    @function
(export_statement "default" @name value: (class body: (_) @body)) @class
(variable_declarator name: (identifier) @name value: {_FUNCTION}) @function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(variable_declarator name: (identifier) @name value: (object)) @namespace
(assignment_expression left: [(identifier) (member_expression)] @name right: {_FUNCTION}) @function
(assignment_expression left: [(identifier) (member_expression)] @name right: (class body: (_) @body)) @class
(assignment_expression left: [(identifier) (member_expression)] @name right: (object)) @namespace
(pair key: (_) @name
    value: [(function_expression body: (_) @body) (generator_function body: (_) @body)
            (arrow_function body: (statement_block) @body)]) @function
(program [(lexical_declaration (variable_declarator name: (identifier) @name value: {WRAPPED}) @function)
    (variable_declaration (variable_declarator name: (identifier) @name value: {WRAPPED}) @function)
    (export_statement declaration: (lexical_declaration
        (variable_declarator name: (identifier) @name value: {WRAPPED}) @function))
    (expression_statement (assignment_expression left: (member_expression) @name right: {WRAPPED}) @function)
    (export_statement "default" @name value: {WRAPPED}) @function])
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
    + f"""
    (field_definition property: (_) @name
        value: [(function_expression body: (_) @body) (arrow_function body: (_) @body) {WRAPPED}]) @method
    """,
    separator=NAME_SEPARATOR,
    unnamed=UNNAMED,
    keywords=WRAPPERS,
)
