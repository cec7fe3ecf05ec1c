"""What a git URL says beside where it points to."""

from __future__ import annotations

import pytest

from indexer.errors import SourceError
from indexer.remote import parse_remote


@pytest.mark.parametrize("password", ["s/cret", "12/34"])
def test_a_password_with_a_slash_is_not_shown(password: str) -> None:
    with pytest.raises(SourceError) as error:
        parse_remote(f"https://me:{password}@host/owner/name")
    expected = "the URL names no valid host or user: https://host/owner/name; in a password write / as %2F"
    assert str(error.value) == expected


def test_a_port_before_an_at_sign_in_the_path_is_no_password() -> None:
    assert parse_remote("https://host:8443/@owner/name").url == "https://host:8443/@owner/name"
