"""Answers that need not be asked for twice."""

from collections import OrderedDict


class LruCache:
    """A mapping of bounded size that forgets what was not used for longest."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._entries: OrderedDict[str, object] = OrderedDict()

    def get(self, key: str) -> object | None:
        """The value of a key, which now counts as just used."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: str, value: object) -> None:
        """Remember a value, and make room for it if there is none."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self.capacity:
            self._evict()

    def _evict(self) -> None:
        """Throw out the least recently used entry."""
        self._entries.popitem(last=False)
