"""C++, and headers, which are read as C++ because it includes nearly all of C."""

import re
from dataclasses import replace

from indexer.languages.c import LONE_MACRO, SHARED_QUERY, function_query
from indexer.languages.language import Language

_ANGLES = r"<(?:[^<>]|<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)*>"
_TESTS = ["TEST", "TEST_F", "TEST_P", "TYPED_TEST", "TYPED_TEST_P", "GTEST_TEST", "TEST_IMPL", "BOOST_AUTO_TEST_CASE"]
"""Macros that define a function, named by their arguments: ``TEST(ShelfTest, IsEmpty) { ... }``."""

CPP = Language(
    name="cpp",
    aliases=("c++", "cxx", "cc"),
    extensions=(".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".inl", ".cu", ".cuh"),
    grammar="tree_sitter_cpp",
    query=SHARED_QUERY
    + function_query("(function_declarator declarator: (_) @name)")
    + function_query("(function_declarator declarator: (qualified_identifier) @name)", "method")
    + """
    (function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name))
        body: (_) @body) @function
    (function_definition
        declarator: (reference_declarator (function_declarator declarator: (qualified_identifier) @name))
        body: (_) @body) @method
    (function_definition declarator: (operator_cast type: (_) @name) body: (_) @body) @function
    (function_definition declarator: (qualified_identifier scope: (_) @receiver name: (operator_cast type: (_) @name))
        body: (_) @body) @method
    (function_definition !type declarator: (function_declarator declarator: (identifier) @keyword @receiver
        parameters: (parameter_list . (parameter_declaration type: (_) @name !declarator) .)) body: (_) @body) @function
    (function_definition !type declarator: (function_declarator declarator: (identifier) @keyword
        parameters: (parameter_list . (parameter_declaration type: (_) @receiver !declarator)
            . (parameter_declaration type: (_) @name !declarator) .)) body: (_) @body) @function
    (class_specifier name: (_) @name body: (_) @body) @class
    (namespace_definition name: (_) @name) @namespace
    (concept_definition name: (_) @name) @class
    (template_declaration parameters: (_) @prefix)
    (template_declaration (requires_clause) @prefix)
    """,
    keywords=frozenset(map(str.encode, _TESTS)),
    unnamed=frozenset(_TESTS),
    separator=re.compile(rf"::|(?<!operator)(?<!operator<)(?:{_ANGLES}(?=::|$)|<.*>)"),
    unreadable=re.compile(
        LONE_MACRO
        + rb"|\b(?:class|struct)\s+([A-Z][A-Z0-9_]{2,}(?:\([^()\n]*\))?)(?=\s+\w+\s*(?:final\s*)?[:{])"
        # A macro before a type or a constructor, of which the parser would make the name: MY_API std::string join(...)
        + rb"|^[ \t]*([A-Z][A-Z0-9_]{3,})"
        + rb"(?=[ \t]+(?:\w+[ \t]+)*\w+(?:::\w+)*(?:<[^;{}()\n]*>)?[ \t&*]+[\w:~]+[ \t]*\()"
        + rb"|^[ \t]*(?=[A-Z][A-Z0-9_]{3,}[ \t]+(?P<type>\w+)(?:<[^;{}()\n]*>)?::~?(?P=type)[ \t]*\()([A-Z][A-Z0-9_]*)"
        # A macro behind the parameters: void put(Book book) LOCKS_EXCLUDED(mutex_) {
        + rb"|\)(?:[ \t]*(?:const|noexcept|override|final)\b)*[ \t]*(?:\n[ \t]+)?"
        + rb"([A-Z][A-Z0-9_]{5,}\([\w:, \t&*.>-]*\))(?=\s*\{)",
        re.MULTILINE,
    ),
)
_CPP_ONLY = re.compile(
    r"^\s*(?:(?:inline\s+)?namespace\b|template\s*<|class\s+\w|using\s+(?:namespace|\w+\s*=)|(?:public|private|protected):)"
    r"|\bstd::|\bconstexpr\b|\bnullptr\b",
    re.MULTILINE,
)
HEADER = replace(CPP, name="c", aliases=("h",), extensions=(".h",), variant=("cpp", _CPP_ONLY))
