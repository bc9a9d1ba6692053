"""What comes over the network."""

import base64
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.domain.sources import Sources
from codereview.domain.submission import Submission, SubmittedFile
from codereview.errors import BadArchive, EmptySubmission, InvalidSubmission, OutsideRoot, TooLarge
from codereview.inputs.limits import Limits
from codereview.inputs.snippet import read_snippet
from codereview.inputs.submitted import read_submission


def files(texts: dict[str, str], **fields: object) -> Submission:
    given = tuple(SubmittedFile(path=path, text=text) for path, text in texts.items())
    return Submission(files=given, **fields)  # type: ignore[arg-type]


def reasons(sources: Sources) -> dict[str, str]:
    return {entry.path: str(entry.reason) for entry in sources.skipped}


# --- a snippet


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import os\nos.system(x)\n", "snippet.py"),
        ("const a = () => { return 1 }\n", "snippet.js"),
        ("interface A { b: string }\n", "snippet.ts"),
        ("package main\n\nfunc main() {}\n", "snippet.go"),
        ("public class A { void m() { int x = 1; } }\n", "snippet.java"),
        ("#!/bin/sh\nrm -rf $x\n", "snippet.sh"),
        ("FROM python:3\nRUN x\n", "snippet.dockerfile"),
        ("Dear all, this is prose; it is not code, is it? No! It's not.", "snippet.txt"),
    ],
)
def test_a_snippet_without_a_name_is_called_after_its_language(code: str, name: str) -> None:
    sources = read_submission(Submission(code=code))
    assert [(file.path, file.text) for file in sources.files] == [(name, code)]
    assert sources.label == f"snippet {name}"


def test_a_name_given_is_kept() -> None:
    sources = read_submission(Submission(code="x = 1\n", filename="src/./a.rb"))
    assert [(file.path, file.language) for file in sources.files] == [("src/a.rb", "ruby")]


@pytest.mark.parametrize("code", ["", " ", "\n\t\n"])
def test_an_empty_snippet_is_refused(code: str) -> None:
    with pytest.raises(EmptySubmission):
        read_submission(Submission(code=code))


def test_a_snippet_with_a_bad_name_is_refused() -> None:
    with pytest.raises(OutsideRoot, match="passwd"):
        read_submission(Submission(code="x", filename="../etc/passwd"))


def test_a_snippet_from_standard_input_may_be_any_bytes() -> None:
    assert read_snippet(b"\xef\xbb\xbfx = 1\n").files[0].text == "x = 1\n"
    assert reasons(read_snippet(b"x = '\xff'\n", "a.py")) == {"a.py": "encoding"}
    assert reasons(read_snippet(b"\x7fELF\0\0", "a.out")) == {"a.out": "binary"}


def test_a_snippet_is_reviewed_even_if_marked_as_generated() -> None:
    assert len(read_submission(Submission(code="# @generated\nx = 1\n", filename="a.py")).files) == 1


# --- files


def test_files_come_in_the_order_of_their_paths() -> None:
    sources = read_submission(files({"b.py": "b = 1\n", "a/c.js": "let c\n", "a.py": "\ufeffa = 1\r\n"}))
    assert [(file.path, file.language, file.text) for file in sources.files] == [
        ("a.py", "python", "a = 1\r\n"),
        ("a/c.js", "javascript", "let c\n"),
        ("b.py", "python", "b = 1\n"),
    ]
    assert (sources.label, sources.skipped) == ("3 files", ())
    assert read_submission(files({"a.py": "a = 1\n"})).label == "a.py"


def test_the_label_given_is_kept() -> None:
    assert read_submission(files({"a.py": "a = 1\n"}, label="PR 7")).label == "PR 7"


def test_what_is_no_text_is_left_out_and_named() -> None:
    sources = read_submission(
        files({"nul.py": "a\0b", "half.py": "x\n'\udcff'", "empty.py": "", "blank.py": "\n", "ok.py": "x = 1"})
    )
    assert [file.path for file in sources.files] == ["ok.py"]
    assert reasons(sources) == {"blank.py": "empty", "empty.py": "empty", "half.py": "encoding", "nul.py": "binary"}
    assert sources.skipped[2].detail == "a lone surrogate, which is no character (line 2)"


@pytest.mark.parametrize("texts", [{}, {"a.py": ""}, {"a.py": " ", "b.py": "\n"}])
def test_files_without_any_code_are_refused(texts: dict[str, str]) -> None:
    with pytest.raises(EmptySubmission):
        read_submission(files(texts))


@pytest.mark.parametrize(
    ("paths", "error"),
    [
        (["../a.py"], OutsideRoot),
        (["/a.py"], OutsideRoot),
        (["C:\\a.py"], OutsideRoot),
        (["a\\b.py"], InvalidSubmission),
        (["a\n.py"], InvalidSubmission),
        (["a.py", "./a.py"], InvalidSubmission),
        (["a", "a/b"], InvalidSubmission),
        (["a/"], InvalidSubmission),
    ],
)
def test_bad_paths_are_refused_by_name(paths: list[str], error: type[InvalidSubmission]) -> None:
    given = tuple(SubmittedFile(path=path, text="x = 1") for path in paths)
    with pytest.raises(error) as caught:
        read_submission(Submission(files=given))
    assert type(caught.value) is error
    assert "path" in caught.value.fields


def test_a_file_over_the_limit_is_left_out_and_a_total_over_the_limit_refused() -> None:
    limits = Limits(max_file_bytes=10, max_total_bytes=25)
    sources = read_submission(files({"a.py": "x" * 11, "b.py": "y" * 10}), limits)
    assert ([file.path for file in sources.files], reasons(sources)) == (["b.py"], {"a.py": "too large"})
    with pytest.raises(TooLarge, match="25 bytes"):
        read_submission(files({f"{n}.py": "x" * 10 for n in range(3)}), limits)


def test_bytes_are_counted_not_characters() -> None:
    assert reasons(read_submission(files({"a.py": "é" * 6}), Limits(max_file_bytes=10))) == {"a.py": "too large"}


def test_files_over_the_number_are_a_gap() -> None:
    sources = read_submission(files({f"{n}.py": "x" for n in range(5)}), Limits(max_files=3))
    assert reasons(sources) == {"3.py": "too many files", "4.py": "too many files"}


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=4))
def test_any_files_are_taken_named_or_refused(texts: dict[str, str]) -> None:
    """Nothing disappears: every file of an accepted submission is under review or in the list of those left out."""
    try:
        sources = read_submission(files(texts))
    except InvalidSubmission:
        return
    assert len(sources.files) + len(sources.skipped) == len(texts)
    for file in sources.files:
        assert not file.path.startswith("/")
        assert ".." not in file.path.split("/")
        file.to_json()
    sources.to_json()


# --- diffs and archives


def test_a_diff_is_applied_to_the_base_files() -> None:
    base = (SubmittedFile(path="./x.py", text="a\n"),)
    sources = read_submission(Submission(diff="--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", base_files=base))
    assert [(file.text, file.sparse) for file in sources.files] == [("b\n", False)]


def test_a_diff_without_base_files_is_sparse() -> None:
    sources = read_submission(Submission(diff="--- a/x.py\n+++ b/x.py\n@@ -5 +5 @@\n-a\n+b\n"))
    assert [(file.text, file.sparse) for file in sources.files] == [("\n\n\n\nb\n", True)]


def test_an_empty_or_meaningless_diff_is_refused() -> None:
    with pytest.raises(EmptySubmission):
        read_submission(Submission(diff=" \n"))
    with pytest.raises(InvalidSubmission, match="not a unified diff"):
        read_submission(Submission(diff="hello"))


def test_an_archive_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", "x = 1\n")
    sources = read_submission(Submission(archive=base64.b64encode(buffer.getvalue()).decode()))
    assert [(file.path, file.text) for file in sources.files] == [("a.py", "x = 1\n")]
    assert sources.label == "archive"
    with pytest.raises(BadArchive):
        read_submission(Submission(archive="AAAA"))
