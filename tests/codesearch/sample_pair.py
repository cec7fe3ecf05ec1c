"""A training pair that tests take as it is, or with other fields."""

from __future__ import annotations

from codesearch.train.data.pair import Pair

PAIR = Pair(
    repo="one/one",
    commit="c",
    path="a.py",
    language="python",
    kind="method",
    name="retry",
    qualified_name="Client.retry",
    start_line=1,
    text="Call a function again after failures.",
    code="def retry(call): ...",
    source="docstring",
    split="train",
)
