"""Which functions count as copies of each other."""

from codesearch.train.data.near_duplicates import NearDuplicates

FUNCTION = """
def read_config(path, default=None):
    if not path.exists():
        return default
    with path.open(encoding="utf-8") as stream:
        content = parse(stream.read())
    validate(content, schema=SCHEMA)
    return content
"""


def test_the_same_function_is_added_only_once() -> None:
    known = NearDuplicates()
    assert known.add(FUNCTION)
    assert not known.add(FUNCTION)


def test_a_copy_with_other_layout_and_one_other_name_is_a_near_duplicate() -> None:
    known = NearDuplicates()
    known.add(FUNCTION)
    assert FUNCTION.replace("content", "document").replace("    ", "\t") in known


def test_a_function_that_shares_some_names_is_none() -> None:
    known = NearDuplicates()
    known.add(FUNCTION)
    assert (
        "def write_config(path, content):\n    with path.open('w') as stream:\n        dump(content, stream)"
        not in known
    )


def test_asking_adds_nothing() -> None:
    known = NearDuplicates()
    assert FUNCTION not in known
    assert FUNCTION not in known


def test_code_without_any_word_is_accepted_once() -> None:
    known = NearDuplicates()
    assert known.add("{ }")
    assert not known.add("( )")
