"""Calling again what failed, later and later."""

import random
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast a failing call is repeated."""

    attempts: int = 5
    first_delay: float = 0.2
    longest_delay: float = 30.0
    jitter: float = 0.1

    def delay_before(self, attempt: int) -> float:
        """Seconds to wait before an attempt: doubled each time, with some jitter, up to a limit."""
        delay = min(self.first_delay * 2 ** (attempt - 1), self.longest_delay)
        return delay * (1 + random.uniform(-self.jitter, self.jitter))


def retry_with_backoff(call, policy=None, retry_on=(ConnectionError, TimeoutError)):
    """Call until it succeeds, sleeping exponentially longer after every failure.

    The last error is raised when all attempts have failed.
    """
    policy = policy or RetryPolicy()
    for attempt in range(1, policy.attempts + 1):
        try:
            return call()
        except retry_on:
            if attempt == policy.attempts:
                raise
            time.sleep(policy.delay_before(attempt))
    return None
