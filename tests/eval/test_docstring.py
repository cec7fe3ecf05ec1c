from __future__ import annotations

import ast
import warnings

import pytest

from eval.docstring import without_docstring


@pytest.mark.parametrize(
    ("code", "rest"),
    [
        ('def f(x):\n    """Doc."""\n    return x\n', "def f(x):\n    return x\n"),
        ('def f(x):\n        """Doc.\n        more"""\n        return x', "def f(x):\n        return x"),
        ('    def f(x):\n        "Doc."\n        return x\n', "def f(x):\n    return x\n"),
        ('def f(): "Doc."; return 1', "def f(): return 1"),
        ("def f():\n    '''Doc.'''", "def f():\n"),
        ('@d\ndef f(a,\n      b):\n    # 1\n    r"Doc."\n    x = 1\n', "@d\ndef f(a,\n      b):\n    # 1\n    x = 1\n"),
        ('async def f():\n    """Dóc é."""; y = 1\n', "async def f():\n    y = 1\n"),
        ('def f():\n    """Doc."""\n    print "two"\n', 'def f():\n    print "two"\n'),
        ('def f():\n    """A."""\n    def g():\n        """B."""\n', 'def f():\n    def g():\n        """B."""\n'),
    ],
)  # fmt: skip
def test_the_docstring_is_cut_out_and_the_rest_is_kept(code, rest):
    assert without_docstring(code, "python", "Doc.") == rest


@pytest.mark.parametrize("end", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_what_ends_no_line_for_the_parser_ends_none_here(end):
    code = f'def f(x):\n    """Doc.{end}\n    more\n    """\n    return x\n'
    left = without_docstring(code, "python", "")
    assert ("Doc." in left, "more" in left) == (False, False)
    assert ast.dump(ast.parse(left).body[0].body[0]) == ast.dump(ast.parse(code).body[0].body[1])


@pytest.mark.parametrize("code", ["def f():\n    return 'Doc.'\n", "x = 1\n", "", "def f(:\n"])
def test_code_without_a_docstring_stays_as_it_is(code):
    assert without_docstring(code, "python", "") == code


def test_other_languages_keep_everything():
    code = "func F() { /* Doc. */ }"
    assert without_docstring(code, "go", "Doc.") == code


def test_what_is_left_of_the_standard_library_parses_to_the_same_functions(csn_rows):
    for row in csn_rows:
        before = ast.parse(row["code"]).body[0]
        left = without_docstring(row["code"], "python", row["docstring"])
        if len(before.body) > 1:
            after = ast.parse(left).body[0]
            before.body = before.body[1:]
            assert ast.dump(after) == ast.dump(before)


def test_odd_escapes_in_the_code_warn_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "Doc" not in without_docstring('def f():\n    """Doc."""\n    return "\\d"\n', "python", "Doc.")
