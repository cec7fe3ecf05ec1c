from __future__ import annotations

import pytest

from indexer.extract import extract
from indexer.function import Function
from indexer.languages import language_of


def unit_named(qualified_name: str, source: str, path: str) -> Function:
    (found,) = [unit for unit in extract(source, path, language_of(path)) if unit.qualified_name == qualified_name]
    return found


@pytest.mark.parametrize(
    ("path", "above", "below"),
    [
        ("a.rb", "# frozen_string_literal: true", "class Foo\nend"),
        ("a.rb", "# typed: strict\n# rubocop:disable Metrics", "class Foo\nend"),
        ("a.rb", "# :nodoc:", "class Foo\nend"),
        ("a.py", "# coding: utf-8", "class Foo: ..."),
        ("a.py", "# vim: set ts=4:", "class Foo: ..."),
        ("a.c", "//--------", "int Foo(void) { return 1; }"),
        ("a.c", "/*============*/", "int Foo(void) { return 1; }"),
        ("a.go", "//go:noinline", "func Foo() {}"),
        ("a.js", "/* eslint no-console: 0,\n   no-alert: 0 */", "function Foo() {}"),
        ("a.js", "// @flow strict", "function Foo() {}"),
        ("a.js", "/**\n * @jest-environment jsdom\n */", "function Foo() {}"),
        ("a.hs", "{-# INLINE foo #-}", "foo = 1"),
    ],
)
def test_directives_and_rulers_document_nothing(path: str, above: str, below: str) -> None:
    name = "foo" if path == "a.hs" else "Foo"
    assert unit_named(name, f"{above}\n{below}\n", path).docstring == ""


@pytest.mark.parametrize("top", ["", "#!/usr/bin/env node\n", "// @flow\n\n"])
@pytest.mark.parametrize(
    "licence",
    [
        "/*\n * Copyright 2020 X.\n */",
        "// foo.js\n// (c) 2020 X",
        "/**\n * Licensed under the MIT License.\n */",
        "// SPDX-License-Identifier: MIT",
    ],
)
def test_the_licence_of_a_file_does_not_document_its_first_definition(top: str, licence: str) -> None:
    assert unit_named("Foo", f"{top}{licence}\nclass Foo {{}}\n", "a.js").docstring == ""


@pytest.mark.parametrize(
    ("above", "docstring"),
    [
        ("const a = 1\n// Copyright 2020 X.\n", "Copyright 2020 X."),
        ("// Returns the licence of a package.\n", "Returns the licence of a package."),
        ("/**\n * Parses.\n * @copyright X\n */\n", "Parses.\n@copyright X"),
    ],
)
def test_a_comment_about_licences_documents_what_it_stands_above(above: str, docstring: str) -> None:
    assert unit_named("f", f"{above}function f() {{}}\n", "a.js").docstring == docstring


def test_directives_and_rulers_are_not_part_of_a_documentation() -> None:
    source = "# ------\n# Adds.\n#\n#   1 - 1\n# rubocop:disable Style/Foo\n# ------\ndef add; end\n"
    assert unit_named("add", source, "a.rb").docstring == "Adds.\n\n  1 - 1"


def test_prose_that_begins_like_a_directive_stays() -> None:
    source = "# Type: the kind of a thing.\n# encoding: the one that a file is in\n# go: starts\ndef a; end\n"
    assert unit_named("a", source, "a.rb").docstring.count("\n") == 2


@pytest.mark.parametrize(
    ("path", "source", "docstring"),
    [
        ("a.go", "//go:build linux\n\n// Package a does b.\npackage a\n", "Package a does b."),
        ("a.go", "// +build linux\n\n// Copyright 2020\n\n// Package a does b.\npackage a\n", "Package a does b."),
        ("a.js", "/* eslint-disable */\n'use strict'\n/**\n * Does b.\n */\n\nrun()\n", "Does b."),
        ("a.rb", "# typed: true\n# frozen_string_literal: true\n\n# Does b.\n\nrun\n", "Does b."),
        ("a.js", "//=======\n\n// Does b.\n\nrun()\n", "Does b."),
    ],
)
def test_a_file_is_about_what_its_first_comment_in_words_says(path: str, source: str, docstring: str) -> None:
    assert unit_named("a", source, path).docstring == docstring


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.js", "/** Real doc. */\n// eslint-disable-next-line\nfunction g() {}\n"),
        ("a.js", "/** Real doc. */\n/* istanbul ignore next */\nfunction g() {}\n"),
        ("a.js", "/** Real doc. */\n// TODO: make it quicker\nfunction g() {}\n"),
        ("a.js", "/* Section */\n// Real doc.\nfunction g() {}\n"),
        ("a.rs", "/** Section */\n/// Real doc.\nfn g() {}\n"),
        ("a.hs", "-- | Real doc.\n{-# INLINE g #-}\ng = 1\n"),
        ("a.c", "/*******\n * Real doc.\n *******/\nint g(void) { return 1; }\n"),
    ],
)
def test_notes_between_a_documentation_and_its_definition_do_not_hide_it(path: str, source: str) -> None:
    assert unit_named("g", source, path).docstring == "Real doc."


def test_a_block_comment_may_hold_what_looks_like_the_start_of_one() -> None:
    source = "/**\n * Reads `docs/*.md`.\n */\nfunction read() {}\n"
    assert unit_named("read", source, "a.js").docstring == "Reads `docs/*.md`."


def test_a_comment_behind_code_does_not_lead_to_an_earlier_comment() -> None:
    source = "/* First. */\nint a;\n/* Second.\n */ int b; /* b */\nint c(void) { return 1; }\n"
    assert unit_named("c", source, "a.c").docstring == ""


@pytest.mark.parametrize(
    ("path", "source", "docstring"),
    [
        ("a.js", "// Takes a[b[1]]\nfunction f() {}\n", "Takes a[b[1]]"),
        ("a.lua", "-- Takes a[b[1]]\nfunction f() end\n", "Takes a[b[1]]"),
        ("a.lua", "--[[ Takes\n  one ]]\nfunction f() end\n", "Takes\none"),
        ("a.rb", "=begin\nTakes one.\n=end\ndef f; end\n", "Takes one."),
    ],
)
def test_only_what_closes_a_comment_is_taken_off_its_end(path: str, source: str, docstring: str) -> None:
    assert unit_named("f", source, path).docstring == docstring


def test_tags_of_dotnet_leave_what_they_say() -> None:
    source = """class A {
    /// <summary>
    /// Converts a <see cref="T:System.Uri"/>, or <c>null</c>, for <paramref name="x" />.
    /// </summary>
    /// <param name="x">the x</param>
    /// <param name="y"></param>
    /// <exception cref="IOException">
    /// It fails.
    /// </exception>
    /// <list type="bullet"><item>One</item></list>
    void Convert(int x) {}
    ///<summary>Closes.</summary>
    void Close() {}
}
"""
    converted = "Converts a System.Uri, or null, for x.\n\nx: the x\n\nIOException: It fails.\n\nOne"
    assert unit_named("A.Convert", source, "a.cs").docstring == converted
    assert unit_named("A.Close", source, "a.cs").docstring == "Closes."


def test_placeholders_of_a_usage_are_no_tags() -> None:
    source = "# Usage: copy <item> <list>\ncopy() { :; }\n"
    assert unit_named("copy", source, "a.sh").docstring == "Usage: copy <item> <list>"
