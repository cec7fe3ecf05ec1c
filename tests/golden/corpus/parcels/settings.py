"""Settings of the service, from the environment."""

import os
import re
from dataclasses import dataclass

_DURATION = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Settings:
    """What an operator can change."""

    database: str = "parcels.db"
    carrier_url: str = "https://carrier.example"
    token_lifetime: int = 3600


def load_settings(environment=os.environ) -> Settings:
    """Read the settings from environment variables that begin with ``PARCELS_``."""
    return Settings(
        database=environment.get("PARCELS_DATABASE", Settings.database),
        carrier_url=environment.get("PARCELS_CARRIER_URL", Settings.carrier_url),
        token_lifetime=parse_duration(environment.get("PARCELS_TOKEN_LIFETIME", "1h")),
    )


def parse_duration(text: str) -> int:
    """Seconds of a text such as ``90s``, ``15m`` or ``1h30m``."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a duration: {text}")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)
