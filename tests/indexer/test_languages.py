from __future__ import annotations

import subprocess
import sys

import pytest

from indexer.languages import LANGUAGES, Language, canonical_name, language_of, language_of_shebang
from indexer.languages.language import compiled


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/app.py", "python"),
        ("stubs/app.pyi", "python"),
        ("fast/app.pyx", "python"),
        ("Main.java", "java"),
        ("lib/index.mjs", "javascript"),
        ("view.jsx", "javascript"),
        ("view.ts", "typescript"),
        ("view.tsx", "typescript"),
        ("a/b.php", "php"),
        ("a.rb", "ruby"),
        ("project/Rakefile", "ruby"),
        ("a.go", "go"),
        ("a.c", "c"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("a.CPP", "cpp"),
        ("a.cs", "csharp"),
        ("a.rs", "rust"),
        ("build.gradle.kts", "kotlin"),
        ("a.scala", "scala"),
        ("a.swift", "swift"),
        ("a.lua", "lua"),
        ("run.sh", "bash"),
        ("home/.bashrc", "bash"),
        ("a.exs", "elixir"),
        ("a.hs", "haskell"),
        ("build.zig", "zig"),
    ],
)
def test_a_path_tells_the_language(path: str, name: str) -> None:
    language = language_of(path)
    assert language is not None
    assert language.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("#pragma once\nint twice(int x);\n", "c"),
        ('#ifdef __cplusplus\nextern "C" {\n#endif\nstruct shelf { int size; };\n/* class of books */\n', "c"),
        ("namespace library {\nint twice(int x);\n}\n", "cpp"),
        ("class Shelf {\n public:\n  int size;\n};\n", "cpp"),
        ("template <typename T>\nT twice(T x) { return 2 * x; }\n", "cpp"),
        ("static const std::string name;\n", "cpp"),
    ],
)
def test_the_text_of_a_header_tells_whether_it_is_c_or_cpp(text: str, name: str) -> None:
    assert LANGUAGES["h"].name_of(text) == name


@pytest.mark.parametrize("path", ["README.md", "LICENSE", "data.json", "py", "archive.py.gz", ""])
def test_a_path_of_no_known_language_tells_nothing(path: str) -> None:
    assert language_of(path) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#!/usr/bin/python3.11", "python"),
        ("#! /usr/bin/env python", "python"),
        ("#!/usr/bin/env -S python3 -u", "python"),
        ("#!/usr/bin/env LANG=C ruby -w", "ruby"),
        ("#!/bin/sh -e", "bash"),
        ("#!/usr/local/bin/node", "javascript"),
        ("#!/usr/bin/env lua5.4", "lua"),
    ],
)
def test_a_shebang_tells_the_language(line: str, name: str) -> None:
    language = language_of_shebang(line)
    assert language is not None
    assert language.name == name


@pytest.mark.parametrize("line", ["", "#!", "#!/usr/bin/awk -f", "# python", "import python"])
def test_a_line_that_asks_for_no_known_interpreter_tells_nothing(line: str) -> None:
    assert language_of_shebang(line) is None


@pytest.mark.parametrize(
    ("alias", "name"),
    [("js", "javascript"), ("TS", "typescript"), ("py", "python"), ("rb", "ruby"), ("c#", "csharp"), ("C++", "cpp"),
     ("rs", "rust"), ("kt", "kotlin"), ("sh", "bash"), ("golang", "go"), ("python", "python"), ("cython", "python"),
     ("cobol", None)],
)  # fmt: skip
def test_users_may_call_a_language_by_its_usual_names(alias: str, name: str | None) -> None:
    assert canonical_name(alias) == name


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_query_fits_its_grammar_and_captures_what_the_extraction_knows(language: Language) -> None:
    _, query = compiled(language)
    captures = {query.capture_name(index) for index in range(query.capture_count)}
    units = {"function", "method", "class", "namespace", "extension"}
    assert captures <= units | {"name", "body", "receiver", "prefix", "keyword"}
    assert {"name", "function"} & captures


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_no_query_has_predicates_which_crash_on_trees_parsed_under_a_budget(language: Language) -> None:
    assert "(#" not in language.query


def test_no_two_languages_claim_one_extension_file_name_or_alias() -> None:
    claims = [
        claim
        for language in LANGUAGES.values()
        for claim in (*language.extensions, *language.filenames, *language.interpreters)
    ]
    assert len(claims) == len(set(claims))


def test_a_grammar_is_imported_only_when_a_file_of_its_language_is_met() -> None:
    program = (
        "import sys; from indexer.extract import extract; from indexer.languages import language_of; "
        "language_of('a.py'); print([name for name in sys.modules if name.startswith('tree_sitter')]); "
        "extract('x = 1', 'a.py', language_of('a.py')); "
        "print(sorted(name for name in sys.modules if name.startswith('tree_sitter_') and '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['tree_sitter_python']"]
