"""What becomes of docstrings, comments, subjects and names before they are trained on."""

import pytest

from codesearch.train.data.clean import comment_text, docstring_text, is_english, name_text, subject_text


@pytest.mark.parametrize(
    ("docstring", "text"),
    [
        ("Return the sum of two numbers.\n\nNot this.", "Return the sum of two numbers."),
        ("Return the\n  sum of two.\n\n:param a: one", "Return the sum of two."),
        ("Reads a file fully.\n@param path where it is", "Reads a file fully."),
        ("Opens the connection.\nArgs:\n    url: where to", "Opens the connection."),
        ("Compute the mean value.\nParameters\n----------\nx : array", "Compute the mean value."),
        ("Gets {@link Foo#bar the bar} of {@code x}.", "Gets the bar of x."),
        ("Use :class:`~a.b.Request` to ``send`` data.", "Use a.b.Request to send data."),
        ("<summary>\nWrites <c>value</c> to a stream.\n</summary>\n<param name='v'/>", "Writes value to a stream."),
        ("Parses the header.<p>Then more.", "Parses the header."),
        ("@brief Releases the given lock.", "Releases the given lock."),
        ("Compares a &amp; b for equality", "Compares a & b for equality"),
        ("Rotates [`Vec`] and [the slice](x.html) *in place*.", "Rotates Vec and the slice in place."),
    ],
)
def test_of_a_docstring_the_first_paragraph_without_markup_and_parameters_is_kept(docstring: str, text: str) -> None:
    assert docstring_text(docstring) == text


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        "Getter.",
        "Two words",
        "{@inheritDoc}",
        "@return the name of the thing",
        "See https://example.org for the details of this",
        "Auto-generated method stub for this class",
        "(non-Javadoc) see the other class",
        "TODO: write what this function does",
        "获取字符串的长度并返回结果 the length",
        "Devuelve el nombre completo del usuario actual con su apellido",
        "+-----+-----+ | a | b | = 1 2 3 4 5 6 7 8 9",
    ],
)
def test_a_docstring_that_says_nothing_of_its_own_is_dropped(docstring: str) -> None:
    assert docstring_text(docstring) is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("fix(parser): handle nested quotes in strings (#123)", "handle nested quotes in strings"),
        ("[FORM] Keep the locale when submitting", "Keep the locale when submitting"),
        ("LANG-1234: Reject negative indices in substring", "Reject negative indices in substring"),
        ("net/http: retry idempotent requests on EOF", "retry idempotent requests on EOF"),
        ("Fixes #42 - close the socket after timeout", "close the socket after timeout"),
        ("Let wordwrap respect existing newlines", "Let wordwrap respect existing newlines"),
    ],
)
def test_of_a_subject_prefixes_and_issue_numbers_are_left_out(subject: str, text: str) -> None:
    assert subject_text(subject) == text


@pytest.mark.parametrize(
    "subject",
    [
        "Merge branch 'main' into topic branch",
        'Revert "Keep the locale when submitting"',
        "Bump version to 1.2.3 for release",
        "chore: bump the dependencies of the project",
        "Fix typo in the name of a variable",
        "Add tests for the new parser behaviour",
        "v1.2.3 of the library is out",
        "Fix #123",
        "fix bug",
        " ".join(["word"] * 21),
    ],
)
def test_a_subject_that_does_not_say_what_the_code_does_is_dropped(subject: str) -> None:
    assert subject_text(subject) is None


@pytest.mark.parametrize(
    "comment", ["x = compute(y)", "return foo(bar);", "noqa: E501", "if (a && b) {", "---------- here"]
)
def test_code_that_was_commented_out_is_no_comment(comment: str) -> None:
    assert comment_text(comment) is None


def test_a_comment_over_several_lines_becomes_one() -> None:
    assert comment_text("skip the header\nand read on") == "skip the header and read on"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("test_returns_none_when_empty", "returns none when empty"),
        ("testParsesHTTPHeaders", "parses http headers"),
        ("should close the file twice", "close the file twice"),
        ("test_parse", None),
    ],
)
def test_the_name_of_a_test_is_split_into_words(name: str, text: str | None) -> None:
    assert name_text(name) == text


def test_a_few_accented_letters_do_not_make_a_text_foreign() -> None:
    assert is_english("Implements the Levenshtein distance as described by Jürgen and the others in the year")
