"""Make the text of a query out of what people wrote, or say that it cannot be one.

The rules are those of CodeSearchNet (Husain et al. 2019, section 2) where it has any: the first paragraph, three words
or more, nothing generated or inherited, nothing but English.
"""

from __future__ import annotations

import html
import re

from indexer.split import split_identifier

MIN_WORDS = 3
MAX_WORDS = 80
MAX_SUBJECT = 200
"""Characters; a longer subject is a whole message on one line."""
MAX_CHARACTERS = 3000
"""Of a longer text no more is looked at."""

_PARAGRAPH = re.compile(r"\n\s*\n|<p\s*/?>", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
_BRIEF = re.compile(r"^\s*[@\\](?:brief|short|desc|description|summary)\b[ \t:]*", re.IGNORECASE)
_SECTION = re.compile(
    r"""
    ^\s*(?:
        [@\\](?!link|code|ref\b|c\b|p\b)\w+                                 # Javadoc, Doxygen, YARD, LDoc
      | :(?:param|type|returns?|rtype|raises?|arg|call-seq|nodoc|yields?|since|deprecated)\b
      | (?:args?|arguments|parameters?|params|returns?|raises|yields|throws|examples?|usage|notes?|attributes|see\ also
          |keyword\ arguments|options|inputs?|outputs?|since|todo)\s*:\s*$
      | (?:parameters|returns|examples?|notes|attributes|yields|raises|see\ also)\s*\n\s*-{3,}
      | \#{1,6}\s | ={2,} | -{3,} | ~{3,} | `{3} | >>>\s | \.\.\ \w+:: | [-*]\s | \d+[.)]\s | \|
      | <(?:param|returns|remarks|pre|ul|ol|table|code|example)\b
      | call-seq:
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_MARKUP = (
    (re.compile(r"\{@(?:link|linkplain|see)\s+([^\s}]+)\s+([^}]+)\}"), r"\2"),
    (re.compile(r"\{@\w+\s+([^}]*)\}"), r"\1"),
    (re.compile(r'<see(?:also)?\s+(?:cref|langword)="(?:\w:)?([^"]+)"\s*/?>'), r"\1"),
    (re.compile(r'<(?:paramref|typeparamref)\s+name="([^"]+)"\s*/?>'), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,200}>"), " "),
    (re.compile(r":[\w:+.-]+:`~?([^`<]+?)(?:\s*<[^`>]*>)?`"), r"\1"),
    (re.compile(r"!?\[([^\]\n]+)\](?:\([^)\s]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"\[`?([\w.:#]+)`?\]"), r"\1"),
    (re.compile(r"[@\\](?:ref|c|p|a|em|code|endcode)\s+"), ""),
    (re.compile(r"`+([^`]*)`+_*"), r"\1"),
    (re.compile(r"(?<!\w)(\*{1,2}|\+|_)(?=\S)([^*+\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
)
_UNWANTED = re.compile(
    r"""
    https?://|www\.|ftp://
  | \{@?inherit|inherit\s?doc|@inherit|\(non-javadoc\)
  | \bauto-?\s?generated|automatically\ generated|generated\ by|do\ not\ edit|code\ generated
  | ^\s*(?:todo|fixme|xxx|hack|deprecated|see\ also|see:|@|\{|nodoc|internal\ use\ only|documented\ in|override[sd]?\b)
  | copyright|licen[sc]e|all\ rights\ reserved|\$(?:id|rev|date):|eslint|istanbul|noinspection|pylint|rubocop:|nolint
  | ^\s*(?:getter|setter|constructor|destructor)\s+(?:for|of)?\s*\S*\s*$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_COMMON_WORDS = (
    "the a an of to is in for and if with on from by this or as that it be are not no all when into at given "
    "returns return get set use used using"
)
_COMMON = frozenset(_COMMON_WORDS.split())

_MERGE = re.compile(
    r"^(?:merge|revert|reapply|backport|cherry-pick|release|bump|prepare|version|v?\d+\.\d)", re.IGNORECASE
)
_ROUTINE = re.compile(
    r"""
    \b(?:typos?|spelling|grammar|wording|comments?|changelog|change\ log|copyright|licen[sc]e|readme|gitignore
      |docs?|documentation|docstrings?|javadocs?|jsdoc|phpdoc|yard|tests?|specs?
      |travis|appveyor|jenkins|codecov|dependabot|ci|lint(?:er|ing)?|rubocop|phpstan|psalm|eslint|checkstyle|spotbugs
      |gofmt|rustfmt|clippy|mypy|flake8|pep\ ?8|ruff|isort|black|prettier|cosmetic|code\ style|formatting|indentation
      |indent|white\s?space|reformat\w*|refactor\w*|rename[sd]?|clean\s?-?ups?|bump\w*|release|snapshot|upstream
      |wip|review|feedback|nits?|misc|minor)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PREFIX = re.compile(
    r"^(?:\[[^\]]{1,40}\]\s*|\([^)]{1,30}\)\s*|[A-Z]{2,15}-\d+[:.,]?\s*|(?:fix(?:e[sd])?|closes?|resolves?|gh|issue|bug|pr)\s*-?\#?\d+[:.,]?\s*"
    r"|\#\d+[:.,-]?\s*|(?:\w[\w./*{},-]{0,39})(?:\([^)]{0,40}\))?!?:\s+|[-*•]\s+|:\w+:\s*)+",
    re.IGNORECASE,
)
_ISSUE = re.compile(
    r"\s*[\[(]?(?:(?:fix(?:e[sd])?|closes?|refs?|see|resolves?|re|for|issue|bug|ticket|pr)[\s:]*)*(?:gh-|[\w./-]+)?#\d+[\])]?[.,;]?"
    r"|\s*\((?:[A-Z]{2,}-\d+|#?\d+)\)",
    re.IGNORECASE,
)


def docstring_text(docstring: str) -> str | None:
    """Return the first paragraph of a docstring as one line without markup, None if it says nothing of its own."""
    docstring = docstring[:MAX_CHARACTERS]
    summary = _SUMMARY.search(docstring)
    if summary:
        docstring = summary[1].strip()
    docstring = _BRIEF.sub("", docstring, count=1)
    paragraph = _PARAGRAPH.split(docstring.strip(), maxsplit=1)[0]
    section = _SECTION.search(paragraph)
    if section:
        paragraph = paragraph[: section.start()]
    return _sentence(paragraph)


def comment_text(comment: str) -> str | None:
    """Return a comment as one line, None if it is code that was commented out or an instruction to a tool."""
    comment = comment[:MAX_CHARACTERS]
    if re.search(
        r"[;{}]\s*$|^\s*[@#!<]|[=!]=|&&|\|\||\w\(.*\)\s*$|[-=*#~]{4,}|^\s*\w+\s*=|:\s*\w+\s*=", comment, re.MULTILINE
    ):
        return None
    return _sentence(comment)


def subject_text(subject: str) -> str | None:
    """Return the subject of a commit without prefixes and issue numbers.

    None for merges, reverts, releases, and what says nothing of what the code does.
    """
    if len(subject) > MAX_SUBJECT or _MERGE.match(subject) or _ROUTINE.search(subject):
        return None
    subject = _PREFIX.sub("", subject.strip())
    subject = _ISSUE.sub("", subject).strip(" .,;:-")
    if _MERGE.match(subject):
        return None
    text = _sentence(subject)
    return text if text is not None and len(text.split()) <= 20 else None


def name_text(name: str) -> str | None:
    """Return the words of a test's name without ``test``, None if they are fewer than three."""
    words = split_identifier(name)
    words = [word for number, word in enumerate(words) if number or word not in ("test", "should", "it")]
    return _sentence(" ".join(words))


def is_english(text: str) -> bool:
    """Whether the text may be English: Latin letters, and in a longer one a word that every English text has."""
    letters = [character for character in text if character.isalpha()]
    ascii_letters = sum(character.isascii() for character in letters)
    if not letters or ascii_letters < 0.97 * len(letters) or len(letters) < 0.55 * len(text):
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    return len(words) < 7 or not _COMMON.isdisjoint(words)


def _sentence(text: str) -> str | None:
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    text = " ".join(html.unescape(text).split()).strip(" -*:/#")
    words = _WORD.findall(text)
    if not MIN_WORDS <= len(words) <= MAX_WORDS or _UNWANTED.search(text) or not is_english(text):
        return None
    return text
