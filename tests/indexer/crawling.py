"""What the tests of the crawl share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from indexer.crawl import CrawlOptions, crawl
from indexer.skip import Skipped

Write = Callable[[Path, dict[str, str]], None]


def paths(root: Path, exclude: tuple[str, ...] = (), skipped: Skipped | None = None) -> list[str]:
    return [file.path for file in crawl(root, CrawlOptions(exclude=exclude), skipped)]
