"""Scala 2 and 3."""

import re

from indexer.languages.language import Language

SCALA = Language(
    name="scala",
    extensions=(".scala", ".sc", ".sbt"),
    grammar="tree_sitter_scala",
    query="""
    (function_definition name: (_) @name body: (_) @body) @function
    (val_definition pattern: (identifier) @name value: (lambda_expression) @body) @function
    (class_definition name: (_) @name body: (_)? @body) @class
    (object_definition name: (_) @name body: (_)? @body) @class
    (trait_definition name: (_) @name body: (_)? @body) @class
    (enum_definition name: (_) @name body: (_) @body) @class
    (given_definition name: (_) @name body: (_)) @extension
    (extension_definition parameters: (parameters . (parameter type: (_) @name))) @extension
    """,
    separator=re.compile(r"\.|\[.*\]"),
)
