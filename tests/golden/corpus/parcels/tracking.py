"""Tracking numbers, and where parcels were seen."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone

_NUMBER = re.compile(r"([A-Z]{2})(\d{8})(\d)([A-Z]{2})")
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass
class Scan:
    """A parcel was seen at a depot."""

    depot: str
    at: datetime


@dataclass
class Tracker:
    """Knows every scan of every parcel."""

    scans: dict[str, list[Scan]] = field(default_factory=dict)

    def record_scan(self, number: str, depot: str) -> Scan:
        """Note that a depot has scanned a parcel now."""
        scan = Scan(depot, datetime.now(timezone.utc))
        self.scans.setdefault(number, []).append(scan)
        return scan

    def locate(self, number: str) -> str | None:
        """The depot where a parcel was last seen, None for a parcel that nobody has scanned."""
        seen = self.scans.get(number)
        return seen[-1].depot if seen else None

    def history(self, number: str) -> list[Scan]:
        """All scans of a parcel, the oldest first."""
        return sorted(self.scans.get(number, []), key=lambda scan: scan.at)


def parse_tracking_number(text: str) -> tuple[str, int, str]:
    """Split ``RB123456785SG`` into service, serial number and country; raise ValueError for anything else."""
    match = _NUMBER.fullmatch(text.replace(" ", "").upper())
    if match is None or not has_valid_check_digit(match.group(2), int(match.group(3))):
        raise ValueError(f"not a tracking number: {text}")
    return match.group(1), int(match.group(2)), match.group(4)


def has_valid_check_digit(serial: str, digit: int) -> bool:
    """Whether the check digit fits the serial number, by the weights of the postal union (S10)."""
    rest = 11 - sum(weight * int(d) for weight, d in zip(_WEIGHTS, serial, strict=True)) % 11
    return digit == {10: 0, 11: 5}.get(rest, rest)
