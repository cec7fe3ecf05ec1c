"""What a git URL says beside where it points to."""

from __future__ import annotations

import pytest

from indexer.errors import SourceError
from indexer.remote import parse_remote


def test_a_password_with_a_slash_is_not_shown() -> None:
    with pytest.raises(SourceError) as error:
        parse_remote("https://me:s/cret@host/owner/name")
    expected = "the URL names no valid host or user: https://host/owner/name; in a password write / as %2F"
    assert str(error.value) == expected
