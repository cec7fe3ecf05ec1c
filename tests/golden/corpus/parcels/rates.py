"""What sending a parcel costs."""

import math

_BASE = {"domestic": 390, "europe": 890, "world": 1490}
_PER_KILOGRAM = {"domestic": 110, "europe": 320, "world": 780}


def shipping_rate(grams: int, zone: str, express: bool = False) -> int:
    """Price in cents of a parcel by its weight and zone; express costs half as much again."""
    price = _BASE[zone] + _PER_KILOGRAM[zone] * billable_kilograms(grams)
    return price * 3 // 2 if express else price


def billable_kilograms(grams: int) -> int:
    """The weight that is charged: started kilograms count in full."""
    return max(1, math.ceil(grams / 1000))


def volumetric_weight(length_cm: float, width_cm: float, height_cm: float) -> float:
    """Grams that a bulky, light parcel is charged for instead of its real weight."""
    return length_cm * width_cm * height_cm / 5
