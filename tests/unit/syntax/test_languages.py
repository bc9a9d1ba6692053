"""The language of a file."""

import pytest

from codereview.syntax.languages import PROGRAMMING, extension_of, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("app.py", "python"),
        ("stubs/app.pyi", "python"),
        ("web/app.js", "javascript"),
        ("web/app.mjs", "javascript"),
        ("web/app.cjs", "javascript"),
        ("web/App.jsx", "javascript"),
        ("web/app.ts", "typescript"),
        ("web/App.tsx", "typescript"),
        ("web/app.mts", "typescript"),
        ("web/app.cts", "typescript"),
        ("main.go", "go"),
        ("src/Main.java", "java"),
        ("run.sh", "shell"),
        ("Dockerfile", "dockerfile"),
        ("Dockerfile.dev", "dockerfile"),
        ("build/dockerfile-api", "dockerfile"),
        ("Containerfile", "dockerfile"),
        ("api.dockerfile", "dockerfile"),
        ("dockerfile_reader.py", "python"),
        (".github/workflows/ci.yml", "yaml"),
        ("config.yaml", "yaml"),
        ("package.json", "json"),
        ("pyproject.toml", "toml"),
        ("main.tf", "terraform"),
        ("app.rb", "ruby"),
        ("Gemfile", "ruby"),
        ("index.php", "php"),
        ("main.c", "c"),
        ("main.h", "c"),
        ("main.cpp", "cpp"),
        ("Program.cs", "csharp"),
        ("lib.rs", "rust"),
        ("Main.kt", "kotlin"),
        ("index.html", "html"),
        ("site.css", "css"),
        ("schema.sql", "sql"),
        ("README.md", "markdown"),
        ("notes.txt", "text"),
        ("Makefile", "make"),
        ("SHOUTING.PY", "python"),
        ("deploy.production.yml", "yaml"),
        (".env", "ini"),
    ],
)
def test_the_name_tells_the_language(path: str, language: str) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize("path", ["", "noextension", ".py", "a.", "dir.py/file", "x.unheardof", "a/b/", "docker file"])
def test_a_name_that_says_nothing_has_no_language(path: str) -> None:
    """A guess would send the file to analysers that cannot read it."""
    assert language_of(path) == ""


@pytest.mark.parametrize(
    ("first_line", "language"),
    [
        ("#!/usr/bin/python", "python"),
        ("#!/usr/bin/env python3.12", "python"),
        ("#! /usr/bin/env -S PYTHONUNBUFFERED=1 python3 -u", "python"),
        ("#!/bin/sh", "shell"),
        ("#!/usr/local/bin/bash -eu", "shell"),
        ("#!/usr/bin/env node", "javascript"),
        ("#!/usr/bin/env -S deno run", "typescript"),
        ("#!/usr/bin/ruby3.2", "ruby"),
        ("\ufeff#!/bin/bash", "shell"),
        ("#!/usr/bin/env", ""),
        ("#!/opt/bin/frobnicate", ""),
        ("#!", ""),
        ("# !/bin/sh", ""),
    ],
)
def test_a_script_without_an_extension_is_told_by_its_first_line(first_line: str, language: str) -> None:
    assert language_of("bin/tool", f"{first_line}\ncode\n") == language


def test_the_name_outranks_the_first_line() -> None:
    """Tools choose by the name, so must we: a .js file with a shell's first line is still parsed as JavaScript."""
    assert language_of("a.js", "#!/bin/sh\n") == "javascript"


def test_a_shebang_counts_on_the_first_line_only() -> None:
    assert language_of("tool", "\n#!/bin/sh\n") == ""


@pytest.mark.parametrize("language", sorted(PROGRAMMING))
def test_every_programming_language_has_an_extension_that_leads_back_to_it(language: str) -> None:
    """A snippet named after its language is read as that language."""
    assert language_of(f"snippet.{extension_of(language)}") == language
