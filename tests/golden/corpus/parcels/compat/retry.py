"""The retry loop of version 1, kept for plugins that still import it."""

import time


def retry_with_backoff(call, attempts=3, delay=1.0):
    """Call up to three times with a growing delay in between."""
    for attempt in range(attempts):
        try:
            return call()
        except ConnectionError:
            time.sleep(delay * 2**attempt)
    return call()
