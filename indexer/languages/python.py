"""Python, and Cython, which is read as Python without its types."""

import re
from dataclasses import replace

from indexer.languages.language import Language

PYTHON = Language(
    name="python",
    aliases=("py",),
    extensions=(".py", ".pyi", ".pyw"),
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

_TYPE = rb"(?:[A-Za-z_]\w*[ \t]+)*?[A-Za-z_][\w.]*(?:\[[^\]()\n]*\])?"
_PARAMETERS = rb"\([^()]*(?:\([^()]*\)[^()]*)*\)"
CYTHON = replace(
    PYTHON,
    aliases=("cython",),
    extensions=(".pyx", ".pxd", ".pxi"),
    filenames=(),
    interpreters=(),
    stand_ins=tuple(
        (re.compile(pattern, re.MULTILINE), stand_in)
        for pattern, stand_in in (
            # cdef class Shelf(Furniture) [object PyShelf]:
            (rb"^[ \t]*(cp?def\b[\w \t]*\bclass)\b", b"class"),
            (rb"^[ \t]*class\b[^\n\[:]*(\[[^\]\n]*\])(?=[ \t]*:)", b""),
            # cdef inline int add(int a, int b) except -1 nogil:
            (rb"^[ \t]*(cp?def\b[^\n=(#]*[ \t*\]])(?=\w+[ \t]*" + _PARAMETERS + rb"[^\n:]*:)", b"def"),
            (rb"\)([ \t]*(?:noexcept|nogil|except|with[ \t]+gil)\b[^\n:#()]*)(?=:)", b""),
            (rb"[(,]\s*(" + _TYPE + rb"[ \t*&]+)(?=\w+[ \t]*(?:[,)=]|(?:not|or)[ \t]+None\b))", b""),
            (rb"\w([ \t]+(?:not|or)[ \t]+None)(?=[ \t]*[,)=])", b""),
            # Functions without a body, then variables: cdef int i = 0 and cdef int i, j; then blocks of declarations.
            (rb"^[ \t]*(cp?def\b[^\n=(#]*" + _PARAMETERS + rb"[^\n:#]*)$", b"pass"),
            (rb"^[ \t]*(cp?def\b[^\n=(#:\[]*(?:\[[^\]\n]*\][^\n=(#:\[]*)?)(?==)", b"_"),
            (rb"^[ \t]*((?:cp?def|ctypedef|include)\b[^\n=#]*[^\n=#:])$", b"pass"),
            (rb"^[ \t]*((?:cp?def|ctypedef)\b[^\n=#]*)(?=:[ \t]*$)", b"if 1"),
            (rb"\b(cimport)\b", b"import"),
            # Casts and addresses: <int*> &x
            (
                rb"(?:[=(,\[+*/|&-]|\b(?:return|in|and|or|not|if)\b)[ \t]*(<[\w.\[\]:, \t*&]+\??>)(?=[ \t]*[\w(&<\"'])",
                b"",
            ),
            (rb"[=(,][ \t]*(&)(?=[ \t]*\w)", b""),
        )
    ),
)
