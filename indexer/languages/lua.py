"""Lua."""

import re

from indexer.languages.language import Language

LUA = Language(
    name="lua",
    extensions=(".lua", ".rockspec"),
    interpreters=("lua", "luajit"),
    grammar="tree_sitter_lua",
    query="""
    (function_declaration name: [(identifier) (dot_index_expression)] @name body: (_)? @body) @function
    (function_declaration name: (method_index_expression) @name body: (_)? @body) @method
    (assignment_statement (variable_list . name: (_) @name)
        (expression_list . value: (function_definition body: (_)? @body))) @function
    (assignment_statement (variable_list . name: (_) @name) (expression_list . value: (table_constructor))) @namespace
    (field name: (_) @name value: (function_definition body: (_)? @body)) @function
    """,
    line_comment=(b"--",),
    block_comment=(b"--[[", b"]]"),
    separator=re.compile(r"[.:\"'\[\]]"),
)
