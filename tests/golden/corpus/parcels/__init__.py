"""The parcel tracking service."""

from parcels.cache import LruCache
from parcels.http_client import HttpClient
from parcels.rates import shipping_rate
from parcels.retry import RetryPolicy, retry_with_backoff
from parcels.tracking import Tracker, parse_tracking_number

__all__ = [
    "HttpClient",
    "LruCache",
    "RetryPolicy",
    "Tracker",
    "parse_tracking_number",
    "retry_with_backoff",
    "shipping_rate",
]
