"""What counts as a git URL, and its parts: what git may be given, what may be shown, and the login."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from indexer.errors import SourceError

PROTOCOLS = ("https", "http", "ssh", "file")
"""The only ones ever spoken; others, such as ``ext::``, can run commands."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SCP_LIKE = re.compile(r"[A-Za-z0-9_][\w.+-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!-)[^\s\\:]+")
_ON_A_FORGE = re.compile(
    r"(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com|git\.sr\.ht"
    r"|(?:git|gitlab|github|gitea|forgejo)\.[A-Za-z0-9.-]+\.[A-Za-z]{2,})/[\w.~-]+/[\w./~-]+"
)
_ADDRESS = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_USER = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*)?")


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository somewhere else."""

    url: str
    """For git's command line, which any user of the machine can read: without a password."""
    shown: str
    """For messages: without a login and a query."""
    login: str = ""
    """``user:password`` for http and https, empty for none."""

    @property
    def name(self) -> str:
        """The last part of the path, without ``.git``."""
        return re.split(r"[/:]", self.shown.rstrip("/").removesuffix(".git"))[-1]

    @property
    def identity(self) -> str:
        """The same for every way of writing the URL that differs only in the login, ``.git`` or a final slash."""
        return self.url.rstrip("/").removesuffix(".git")


def is_git_url(text: str) -> bool:
    """Whether ``text`` is meant as a git URL and not as a path.

    So are ``scheme://...``, and, unless there is a folder of that name, ``user@host:path`` and, on well-known hosts,
    ``github.com/owner/name``. Whether it can be cloned is another question, which ``parse_remote`` answers.
    """
    if _SCHEME.match(text):
        return True
    return bool(_SCP_LIKE.fullmatch(text) or _ON_A_FORGE.fullmatch(text)) and not os.path.lexists(text)


def parse_remote(text: str) -> Remote:
    """The parts of a git URL. Raises ``SourceError`` for what is none or must not be given to git."""
    shown = re.sub(r"//.*@", "//", text)  # for errors; a password may hold what ends a host
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in text):
        raise SourceError(f"not a git URL, since it holds spaces, backslashes or control characters: {shown!r}")
    if _SCP_LIKE.fullmatch(text):
        return Remote(text, text)
    if _ON_A_FORGE.fullmatch(text):
        text = f"https://{text}"
    elif not _SCHEME.match(text):
        raise SourceError(f"not a git URL: {shown}; write it as https://host/owner/name")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise SourceError(f"not a git URL: {shown}") from None
    if parts.scheme not in PROTOCOLS:
        raise SourceError(f"cannot clone over {parts.scheme}, only over {', '.join(PROTOCOLS)}: {shown}")
    if parts.path in ("", "/"):
        raise SourceError(f"the URL names no repository: {shown}")
    if parts.scheme == "file":
        if parts.netloc:
            raise SourceError(f"a file URL names no host; write it as file:///path: {shown}")
        return Remote(text, text)
    return _with_host(parts, shown)


def _with_host(parts: SplitResult, shown: str) -> Remote:
    login, _, address = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    # In https://user:12/34@host the password's beginning looks like a port.
    cut_password = not login and ":" in address and re.match(r"/[^@]*[^@/]@", parts.path)
    if not _ADDRESS.fullmatch(address) or (parts.scheme == "ssh" and not _USER.fullmatch(user)) or cut_password:
        hint = "; in a password write / as %2F" if "@" in parts.path else ""
        raise SourceError(f"the URL names no valid host or user: {shown}{hint}")
    address = address.lower()
    if parts.scheme == "ssh":
        url = urlunsplit(("ssh", f"{user}@{address}" if user else address, parts.path, "", ""))
        return Remote(url, url)
    return Remote(
        url=urlunsplit((parts.scheme, address, parts.path, parts.query, "")),
        shown=urlunsplit((parts.scheme, address, parts.path, "", "")),
        login=unquote(login if ":" in login or not login else f"{login}:"),
    )
