"""Talking to the carriers' web services."""

import json
import urllib.request

from parcels.retry import RetryPolicy, retry_with_backoff


class HttpClient:
    """Requests with a time limit; connection errors are retried."""

    def __init__(self, base_url: str, timeout: float = 10.0, policy: RetryPolicy | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.policy = policy

    def get_json(self, path: str) -> object:
        """Fetch a document and decode it."""
        return json.loads(self._request("GET", path))

    def post_json(self, path: str, document: object) -> object:
        """Send a document as JSON and decode the answer."""
        return json.loads(self._request("POST", path, json.dumps(document).encode()))

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.base_url}{path}", body, method=method)

        def call() -> bytes:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return answer.read()

        return retry_with_backoff(call, self.policy)
