"""Semantic code search on a laptop: ask in plain words, get the function that does it.

>>> from codesearch import CodeIndex
>>> with CodeIndex.build("path/or/git-url") as index:  # doctest: +SKIP
...     hits = index.search("parse a date from a string")
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as type checkers read it; typing takes a while to import, and Ctrl-C is not caught yet
if TYPE_CHECKING:
    from codesearch.encoders.load import load_encoder
    from codesearch.encoders.protocol import Encoder
    from codesearch.engine import CodeIndex
    from codesearch.errors import CodesearchError
    from codesearch.hit import Hit
    from codesearch.matching.load import load_matcher
    from codesearch.matching.protocol import Matcher

__all__ = ["CodeIndex", "CodesearchError", "Encoder", "Hit", "Matcher", "__version__", "load_encoder", "load_matcher"]
__version__ = "0.1.0"

_HOMES = {
    "CodeIndex": "engine",
    "CodesearchError": "errors",
    "Encoder": "encoders.protocol",
    "Hit": "hit",
    "Matcher": "matching.protocol",
    "load_encoder": "encoders.load",
    "load_matcher": "matching.load",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import codesearch` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'codesearch' has no attribute {name!r}")
    return getattr(import_module(f"codesearch.{_HOMES[name]}"), name)
