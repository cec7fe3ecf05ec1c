from __future__ import annotations

import pickle

from indexer.extract import extract
from indexer.function import Function
from indexer.languages import LANGUAGES, language_of


def units_of(source: str, path: str) -> list[Function]:
    return extract(source, path, language_of(path))


def unit_named(qualified_name: str, source: str, path: str) -> Function:
    (found,) = [unit for unit in units_of(source, path) if unit.qualified_name == qualified_name]
    return found


def test_an_empty_file_has_no_units() -> None:
    assert units_of("", "a.py") == []
    assert units_of("\n \n\t\n", "a.txt") == []


def test_a_file_without_definitions_is_a_module_named_after_the_file() -> None:
    (unit,) = units_of('"""Settings."""\nDEBUG = True\n', "app/settings.py")
    assert (unit.kind, unit.name, unit.docstring) == ("module", "settings", "Settings.")
    assert (unit.start_line, unit.end_line, unit.signature) == (1, 2, "")


def test_a_function_is_its_exact_lines_with_its_decorators_and_without_the_comment_above() -> None:
    source = "x = 1\n\n# Adds.\n@cache\ndef add(a,\n        b):\n\treturn a + b  # sum\n\ny = 2\n"
    unit = unit_named("add", source, "a.py")
    assert unit.text == "@cache\ndef add(a,\n        b):\n\treturn a + b  # sum"
    assert (unit.start_line, unit.end_line) == (4, 7)
    assert (unit.signature, unit.docstring) == ("def add(a, b)", "Adds.")


def test_what_is_outside_of_definitions_is_the_module_without_their_comments() -> None:
    source = "import a\n\n# Adds.\ndef add(): ...\n\nprint(add())\n"
    module = unit_named("a", source, "a.py")
    assert module.text == "import a\n\nprint(add())"
    assert (module.start_line, module.end_line) == (1, 6)


def test_a_long_module_comes_in_pieces_that_a_reader_can_take_in() -> None:
    source = "def f(): ...\n" + "".join(f"VALUE_{number} = {number * number}\n" for number in range(200))
    pieces = [unit for unit in units_of(source, "a.py") if unit.kind == "module"]
    assert len(pieces) > 4
    assert all(unit.end_line - unit.start_line < 40 for unit in pieces)
    assert [unit.text.splitlines()[0] for unit in pieces] == [source.splitlines()[u.start_line - 1] for u in pieces]


def test_a_syntax_error_costs_neither_the_functions_around_it_nor_the_broken_lines() -> None:
    source = "def good():\n    return 1\n\nclass ( broken\n\ndef also_good():\n    return 2\n"
    units = units_of(source, "a.py")
    assert {"good", "also_good"} <= {unit.name for unit in units}
    assert any("class ( broken" in unit.text for unit in units)


def test_a_file_that_is_not_in_its_language_at_all_becomes_windows() -> None:
    units = units_of("<<<< this is (not { python\n" * 3, "a.py")
    assert {unit.kind for unit in units} == {"window"}


def test_a_file_of_an_unknown_language_becomes_windows() -> None:
    (unit,) = units_of("[server]\nport = 80\n", "conf/server.ini")
    assert (unit.kind, unit.name, unit.start_line, unit.end_line) == ("window", "server", 1, 2)
    assert unit.text == "[server]\nport = 80"


def test_a_markdown_file_is_cut_at_its_headings() -> None:
    section = "text\n" * 25
    units = units_of(f"# One\n{section}# Two\n{section}# Three\n{section}", "README.md")
    assert [unit.text.splitlines()[0] for unit in units] == ["# One", "# Two", "# Three"]


def test_a_file_of_definitions_on_one_line_each_gives_that_line_to_each() -> None:
    units = units_of("function a() {} function b() {}\n", "a.js")
    assert [(unit.name, unit.text) for unit in units] == [
        ("a", "function a() {} function b() {}"),
        ("b", "function a() {} function b() {}"),
    ]


def test_a_licence_is_not_what_a_file_is_about() -> None:
    source = "// Copyright 2020 Someone\n// All rights reserved.\n\n// Parses dates.\n\npackage dates\n"
    assert unit_named("dates", source, "dates.go").docstring == "Parses dates."


def test_a_doc_comment_loses_its_markers_and_keeps_its_shape() -> None:
    source = "/**\n * Adds.\n *\n *     add(1, 2)\n */\nfunction add(a, b) { return a + b }\n"
    assert unit_named("add", source, "a.js").docstring == "Adds.\n\n    add(1, 2)"


def test_a_blank_line_separates_a_comment_from_what_it_does_not_document() -> None:
    assert unit_named("add", "// Section.\n\nfunction add() {}\n", "a.js").docstring == ""


def test_a_comment_at_the_end_of_a_line_of_code_documents_nothing_below() -> None:
    assert unit_named("b", "int a; /* a */\nint b(void) { return 1; }\n", "a.c").docstring == ""


def test_attributes_belong_to_the_definition_below_and_not_to_its_neighbour() -> None:
    source = "#[inline] fn a() {}\nfn b() {}\n#[test]\n// Comment.\nfn c() {}\n"
    assert [(u.name, u.start_line) for u in units_of(source, "a.rs") if u.kind == "function"] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]


def test_macros_that_a_parser_cannot_know_do_not_hide_a_class() -> None:
    source = "LIB_BEGIN_NAMESPACE\nclass LIB_API Shelf final : public Base {\n  int size() { return 1; }\n};\n"
    assert [u.qualified_name for u in units_of(source, "a.cpp") if u.kind != "module"] == ["Shelf", "Shelf.size"]
    assert "LIB_API" in unit_named("Shelf", source, "a.cpp").text


def test_a_signature_is_one_line_of_bounded_length() -> None:
    source = "def f(\n" + "".join(f"    argument_{number},\n" for number in range(500)) + "): ...\n"
    signature = unit_named("f", source, "a.py").signature
    assert "\n" not in signature
    assert len(signature) <= 500


def test_units_come_in_the_order_of_their_lines() -> None:
    source = "class A:\n    def b(self): ...\n\ndef c(): ...\n\nclass D: ...\n"
    starts = [unit.start_line for unit in units_of(source, "a.py")]
    assert starts == sorted(starts)


def test_units_can_be_sent_to_another_process() -> None:
    units = units_of("def f(): ...\n", "a.py")
    assert pickle.loads(pickle.dumps(units)) == units


def test_the_same_grammar_serves_many_files() -> None:
    for number in range(50):
        (unit,) = extract(f"def f{number}(): ...\n", "a.py", LANGUAGES["python"])
        assert unit.name == f"f{number}"


def test_a_comment_above_the_first_member_is_not_part_of_the_class_around_it() -> None:
    source = (
        "module Shop\n  # Brews coffee.\n  class Barista\n    # Grinds.\n    def grind\n      1\n    end\n  end\nend\n"
    )
    assert unit_named("Shop", source, "a.rb").text == "module Shop\n  class Barista\nend"
    barista = unit_named("Shop.Barista", source, "a.rb")
    assert (barista.docstring, barista.text) == ("Brews coffee.", "  class Barista\n    def grind\n  end")


def test_a_type_in_capitals_on_a_line_of_its_own_does_not_hide_a_c_function() -> None:
    source = "NTSTATUS\nDriverEntry(int count)\n{\n    return 0;\n}\n"
    assert unit_named("DriverEntry", source, "a.c").kind == "function"


def test_a_macro_before_a_qualified_type_does_not_change_a_name() -> None:
    source = 'MY_API std::string join(const std::vector<int>& v) { return ""; }\n'
    source += "class MY_API Foo {\npublic:\n  MY_API std::string bar() { return name; }\n};\n"
    assert {unit.qualified_name for unit in units_of(source, "a.cpp")} >= {"join", "Foo", "Foo.bar"}


def test_haskell_instances_and_type_synonyms_are_found() -> None:
    source = "module A where\ntype Env = Int\ninstance Default S where\n  def = S 1\n  (<>) = mappendS\n"
    assert {unit.qualified_name for unit in units_of(source, "A.hs")} >= {"Env", "S.def", "S.<>"}


def test_pictures_in_a_notebook_are_left_out_of_its_windows() -> None:
    source = f'{{"cells": [\n "def decode(): ...",\n "image/png": "{"iVBORw0KGgo" * 900}=="\n]}}\n'
    (window,) = units_of(source, "a.ipynb")
    assert "def decode()" in window.text
    assert "iVBOR" not in window.text


def test_the_documentation_of_overloads_is_that_of_their_function() -> None:
    source = """/** Splits into chunks. */
export function chunk<T>(a: T[], n: number): T[][];
export function chunk(...args: unknown[]): unknown { return args }
class A {
  /** Makes one. */
  constructor(a: string);
  constructor(a: number) // why
  constructor(a: any) {}
  b: number;

  /** Takes c. */
  private take(c: string): void
  private take(c: any) {}
}
"""
    chunk, take = unit_named("chunk", source, "a.ts"), unit_named("A.take", source, "a.ts")
    made = unit_named("A.constructor", source, "a.ts")
    assert (chunk.docstring, chunk.start_line, chunk.end_line) == ("Splits into chunks.", 2, 3)
    assert chunk.signature == "export function chunk(...args: unknown[]): unknown"
    assert (made.docstring, made.start_line, made.end_line) == ("Makes one.", 6, 8)
    assert (take.docstring, take.start_line, take.end_line) == ("Takes c.", 12, 13)


def test_signatures_without_a_body_below_stay_in_their_class() -> None:
    source = "declare class A {\n  a(x: string): void;\n  a(x: number): void;\n}\nfunction b() {}\n"
    assert unit_named("A", source, "a.ts").text == source[: source.index("function")].rstrip()
    assert unit_named("b", source, "a.ts").start_line == 5


def test_a_definition_ends_before_the_comment_of_the_next_one() -> None:
    source = "def a(x: Int): Int =\n  x + 1\n\n// Note.\n/** Doc of b.\n  */\ndef b: Int = 2\n"
    a, b = unit_named("a", source, "x.scala"), unit_named("b", source, "x.scala")
    assert (a.start_line, a.end_line) == (1, 2)
    assert (b.start_line, b.docstring) == (7, "Doc of b.")


def test_attributes_of_php_are_no_comments() -> None:
    source = """<?php
class A {
    public static function load(
        #[SensitiveParameter] string $key, # why
    ): array {}
    #[ORM\\Column(
        type: 'x', choices: ['a', ['b']]
    )]
    #[Pure] public function a() {}
}
#[ReturnTypeWillChange]
$f = function () {};
"""
    loaded = "public static function load( #[SensitiveParameter] string $key, # why ): array"
    assert unit_named("A.load", source, "a.php").signature == loaded
    assert unit_named("A.a", source, "a.php").signature == "public function a()"
    assert unit_named("f", source, "a.php").docstring == ""
