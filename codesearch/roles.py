"""What a file is for, read off its path: files that serve the code people look for rank below it."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

_TEST = re.compile(
    r"""
    (?:^|/)(?:tests?|testing|testdata|__tests__|specs?|e2e|fixtures?|mocks?|__mocks__|[\w-]+[-_]tests?|src/\w*Test)/
  | (?:^|/)(?:test_[^/]*|conftest)\.py$
  | [^/]_(?:test|tests|spec)\.\w+$
  | [^/]\.(?:test|spec)\.\w+$
  | (?:^|/)[^/]*[a-z](?:Tests?|Spec|Suite|TestCase)\.(?:java|kt|scala|swift|cs|php|groovy)$
    """,
    re.VERBOSE,
)
_EXAMPLE = re.compile(
    r"(?:^|/)_?(?:examples?|samples?|demos?|tutorials?|docs?|docs?_src|documentation|benchmarks?|bench|playground)/"
)
_LEGACY = re.compile(
    r"(?:^|/)_?(?:compat|legacy|deprecated|old|vendor|vendored|_vendor|third_party|external)(?:/|\.\w+$)"
)
_DECLARATIONS = re.compile(r"\.d\.[cm]?ts$|\.pyi$")
_REEXPORT = re.compile(r"(?:^|/)(?:__init__\.py|index\.[cm]?[jt]sx?|mod\.rs|package-info\.java|prelude\.rs)$")
_PROSE = re.compile(
    r"\.(?:md|mdx|markdown|rst|txt|adoc|org|ya?ml|toml|json|ini|cfg|xml|html?|css|lock)$", re.IGNORECASE
)


class Role(IntEnum):
    """The column of a file's role among the ranking features."""

    TEST = 0
    EXAMPLE = 1
    LEGACY = 2
    DECLARATIONS = 3
    REEXPORT = 4
    PROSE = 5


_PATTERNS = {
    Role.TEST: _TEST,
    Role.EXAMPLE: _EXAMPLE,
    Role.LEGACY: _LEGACY,
    Role.DECLARATIONS: _DECLARATIONS,
    Role.REEXPORT: _REEXPORT,
    Role.PROSE: _PROSE,
}


@lru_cache(maxsize=65536)
def roles(path: str) -> frozenset[Role]:
    """The roles of a file, by its path relative to the searched root."""
    return frozenset(role for role, pattern in _PATTERNS.items() if pattern.search(path))
