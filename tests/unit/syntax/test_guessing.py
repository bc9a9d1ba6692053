"""The language of code that came without a file name."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.syntax.guessing import guess_language
from codereview.syntax.telltales import language_by_words


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import os\nos.system(command)\n"),
        ("python", "for i in range(3):\n    print(i)"),
        ("python", "print('hello')"),
        ("python", "def f(:\n    return 1\n\nx = f()\nprint(x)\n"),  # with a syntax error
        ("javascript", "const fs = require('fs');\nfs.readFile(a, () => {});\n"),
        ("javascript", "app.get('/', (req, res) => { res.send(req.query.x) })"),
        ("typescript", "interface A { b: string }\nconst c: A = { b: '1' };\n"),
        ("typescript", "function f(a: number): string { return '' + a }"),
        ("go", "package main\nfunc main() {}\n"),
        ("go", "func f() error {\n\treturn nil\n}\n"),
        ("java", "public class A { void m() { int x = 1; } }\n"),
        ("java", 'String q = "select" + x;\nStatement s = c.createStatement();\n'),
        ("shell", "#!/bin/sh\nrm -rf $x\n"),
        ("dockerfile", "# syntax=docker/dockerfile:1\nARG V=3\nFROM python:$V AS build\nRUN pip install x\n"),
        ("yaml", "on: push\njobs:\n  a:\n    runs-on: x\n"),
        ("json", '{"a": [1, 2]}'),
        ("sql", "select * from a where b = 1"),
        ("php", "<?php echo $_GET['x'];"),
        ("html", "<!DOCTYPE html><p>hello"),
        ("c", "#include <stdio.h>\nint main(void) { return 0; }\n"),
        ("rust", 'fn main() {\n    println!("x");\n}\n'),
        ("terraform", 'resource "aws_s3_bucket" "b" {\n  bucket = "x"\n}\n'),
        ("", "Dear Sir, I am writing to you to say: hello there, my friend. How are you?"),
        ("", ""),
        ("", " \n\t\n"),
    ],
)
def test_the_language_is_guessed_from_the_code(language: str, code: str) -> None:
    """With grammars, and without them, as a function that only accepts reviews guesses: both must name one file."""
    assert guess_language(code) == language
    assert language_by_words(code) == language


@given(st.text())
def test_guessing_never_raises(text: str) -> None:
    guess_language(text)
    language_by_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 100_000,
        " \n" * 50_000,
        "#\n" * 50_000,
        "a:\n" * 30_000 + "{",
        "select " * 20_000,
        "fn a(" * 20_000,
        "[" * 100_000,
    ],
)
def test_guessing_takes_little_time_whatever_the_text(text: str) -> None:
    """The code comes from anybody: no pattern may run away on it."""
    started = process_time()
    guess_language(text)
    language_by_words(text)
    assert process_time() - started < 3
