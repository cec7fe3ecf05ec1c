"""How long ago something was, in words."""

from __future__ import annotations

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def age(seconds: float) -> str:
    """``3 hours``, ``1 day``, or ``a moment`` for less than a second."""
    for unit, length in _UNITS:
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"
