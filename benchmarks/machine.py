"""What a result was measured on, in one line."""

from __future__ import annotations

import os
import platform
import time

from eval.machine import processor


def machine() -> str:
    """The processor, the number of its cores that can be used, memory, system, Python and the date."""
    return (
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, {_memory_gb():.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
