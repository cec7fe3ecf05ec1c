"""Python."""

import re

from indexer.languages.language import Language

PYTHON = Language(
    name="python",
    aliases=("py",),
    extensions=(".py", ".pyi", ".pyw", ".pyx", ".pxd"),
    filenames=("SConstruct", "SConscript", "wscript"),
    interpreters=("python", "pypy"),
    grammar="tree_sitter_python",
    query="""
    (function_definition name: (_) @name body: (_) @body) @function
    (class_definition name: (_) @name body: (_) @body) @class
    (decorated_definition definition: (function_definition name: (_) @name)) @function
    (decorated_definition definition: (class_definition name: (_) @name)) @class
    """,
    line_comment=(b"#",),
    block_comment=None,
    inner_doc=re.compile(
        rb'(?:\s|#[^\n]*\n)*[rRuU]?(?:"""((?:[^\\]|\\.)*?)"""'
        rb"|'''((?:[^\\]|\\.)*?)'''"
        rb'|"((?:[^"\\\n]|\\.)*)"'
        rb"|'((?:[^'\\\n]|\\.)*)')",
        re.DOTALL,
    ),
)
