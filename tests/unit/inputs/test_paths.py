"""Files and directories on a disk."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.trees import Repository, write

import codereview.inputs.paths as module
from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import InvalidSubmission, OutsideRoot
from codereview.inputs.limits import Limits
from codereview.inputs.paths import read_paths
from codereview.inputs.refusal import Refusal

CODE = "x = 1\n"


def read(root: Path, *paths: str, **options: object) -> Sources:
    return read_paths([root / path for path in paths or (".",)], root=root, **options)  # type: ignore[arg-type]


def taken(sources: Sources) -> list[str]:
    return [file.path for file in sources.files]


def reasons(sources: Sources) -> dict[str, str]:
    return {entry.path: str(entry.reason) for entry in sources.skipped}


def detail(sources: Sources, path: str) -> str:
    return next(entry.detail for entry in sources.skipped if entry.path == path)


# --- what is found


def test_a_directory_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b.py": CODE, "a/z.js": "let a = 1\n", "a/a.go": "package a\n", ".github/workflows/ci.yml": "on: push\n"},
    )
    sources = read(tmp_path)
    assert [(file.path, file.language) for file in sources.files] == [
        (".github/workflows/ci.yml", "yaml"),
        ("a/a.go", "go"),
        ("a/z.js", "javascript"),
        ("b.py", "python"),
    ]
    assert sources.skipped == ()
    assert all(file.changed is None and not file.sparse for file in sources.files)


def test_paths_are_relative_to_the_root_not_to_what_was_named(tmp_path: Path) -> None:
    write(tmp_path, {"src/a.py": CODE, "src/b/c.py": CODE, "other.py": CODE})
    assert taken(read(tmp_path, "src")) == ["src/a.py", "src/b/c.py"]
    assert taken(read(tmp_path, "src/b", "other.py", "src/b/c.py")) == ["other.py", "src/b/c.py"]


def test_relative_paths_count_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"src/a.py": CODE})
    monkeypatch.chdir(tmp_path / "src")
    assert taken(read_paths([Path("a.py"), Path(".")], root=Path(".."))) == ["src/a.py"]


def test_the_label_says_what_was_named(tmp_path: Path) -> None:
    write(tmp_path, {"src/a.py": CODE})
    assert read(tmp_path, "src").label == "src"
    assert read(tmp_path, "src/a.py").label == "a.py"
    assert read(tmp_path, "src", ".").label == "2 paths"
    assert read(tmp_path).label == tmp_path.name


def test_the_same_tree_gives_the_same_sources(tmp_path: Path) -> None:
    write(tmp_path, {f"d{n % 3}/f{n}.py": CODE for n in range(30)})
    assert read(tmp_path) == read(tmp_path)


# --- what is not text


def test_what_is_not_utf8_text_is_left_out_and_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "binary.py": b"x\0y",
            "late-nul.py": b"x" * 9000 + b"\0",
            "latin.py": b"# line 1\nx = '\xe9'\n",
            "utf16-bom.py": "x = 1\n".encode("utf-16"),
            "utf16-be.py": "x = 1\n".encode("utf-16-be"),
            "utf32.py": "x = 1\n".encode("utf-32"),
            "empty.py": b"",
            "blank.py": b" \n\t\n",
            "bom-only.py": b"\xef\xbb\xbf",
        },
    )
    sources = read(tmp_path)
    assert taken(sources) == []
    assert reasons(sources) == {
        "binary.py": "binary",
        "late-nul.py": "binary",
        "latin.py": "encoding",
        "utf16-bom.py": "encoding",
        "utf16-be.py": "encoding",
        "utf32.py": "encoding",
        "empty.py": "empty",
        "blank.py": "empty",
        "bom-only.py": "empty",
    }
    assert detail(sources, "latin.py") == "not valid UTF-8 (line 2)"
    assert "UTF-16" in detail(sources, "utf16-be.py")


def test_a_byte_order_mark_is_taken_off_and_line_endings_are_kept(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": b"\xef\xbb\xbfx = 1\r\ny = '\x0c'\n"})
    assert read(tmp_path).files[0].text == "x = 1\r\ny = '\x0c'\n"


def test_a_file_name_that_is_not_utf8_is_left_out(tmp_path: Path) -> None:
    """It could not be written into a report, which is JSON."""
    write(tmp_path, {"a.py": CODE})
    (tmp_path / os.fsdecode(b"b\xff.py")).write_text(CODE)
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["a.py"], {"b\\udcff.py": "encoding"})


# --- what nobody wrote here


@pytest.mark.parametrize(
    ("path", "reported", "reason"),
    [
        ("node_modules/a/b.js", "node_modules/", "vendored"),
        ("web/node_modules/a/b.js", "web/node_modules/", "vendored"),
        (".venv/lib/a.py", ".venv/", "vendored"),
        ("venv/lib/a.py", "venv/", "vendored"),
        ("vendor/github.com/a.go", "vendor/", "vendored"),
        ("pkg/__pycache__/a.py", "pkg/__pycache__/", "vendored"),
        ("dist/app.js", "dist/", "generated"),
        ("build/lib/a.py", "build/", "generated"),
        (".svn/a.py", ".svn/", "excluded"),
        (".git/hooks/a.py", ".git/", "excluded"),
        ("app.min.js", "app.min.js", "generated"),
        ("package-lock.json", "package-lock.json", "generated"),
        ("uv.lock", "uv.lock", "generated"),
        ("go.sum", "go.sum", "generated"),
        ("app.js.map", "app.js.map", "generated"),
    ],
)
def test_installed_and_built_files_are_left_out_by_their_place(
    tmp_path: Path, path: str, reported: str, reason: str
) -> None:
    write(tmp_path, {path: CODE, "own.py": CODE})
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["own.py"], {reported: reason})


def test_a_virtual_environment_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    write(tmp_path, {"my-env/pyvenv.cfg": "home = /usr\n", "my-env/lib/a.py": CODE, "own.py": CODE})
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["own.py"], {"my-env/": "vendored"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage a\n"),
        ("a.py", "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\nx = 1\n"),
        ("a.ts", "/**\n * @generated by a tool\n */\nlet a = 1\n"),
        ("a.cs", "// <auto-generated />\nclass A {}\n"),
        ("a.sql", "-- This file was automatically generated. Do not modify.\nSELECT 1;\n"),
        ("a.html", "<!-- @generated -->\n<p>x</p>\n"),
        ("a.js", "function a(b,c){return b(c)};" * 400),
    ],
)
def test_generated_files_are_left_out_by_their_text(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, {name: text})
    assert reasons(read(tmp_path)) == {name: "generated"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'MARK = "@generated"\n'),
        ("a.py", "x = 1\n" * 40 + "# @generated\n"),
        ("a.go", "package a\n\n// This is about code generated by others; edit it as you like.\n"),
        ("a.py", "# report generated by hand, do edit\nx = 1\n"),
        ("a.js", f"const image = '{'A' * 20_000}'\n"),
        ("a.json", '{"a":[1,2,3]}' * 900),
    ],
)
def test_code_that_only_speaks_of_it_is_not_generated(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, {name: text})
    assert taken(read(tmp_path)) == [name]


def test_a_named_file_is_read_whatever_keeps_its_kind_out(tmp_path: Path) -> None:
    """Who names a file wants it reviewed."""
    write(
        tmp_path,
        {
            ".gitignore": "ignored.py\n",
            "ignored.py": CODE,
            "vendor/a.py": CODE,
            "pb.py": "# @generated\nx = 1\n",
            "uv.lock": "version = 1\n",
        },
    )
    named = ["ignored.py", "pb.py", "uv.lock", "vendor/a.py"]
    assert taken(read(tmp_path, *named)) == named
    assert taken(read(tmp_path, ".", *named)) == [".gitignore", *named]


def test_a_named_directory_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    write(tmp_path, {"vendor/a.py": CODE, "vendor/vendor/b.py": CODE, "build/c.py": CODE})
    sources = read(tmp_path, "vendor", "build")
    assert (taken(sources), reasons(sources)) == (["build/c.py", "vendor/a.py"], {"vendor/vendor/": "vendored"})


# --- the project's own exclusions


def test_the_project_excludes_by_patterns_named_files_too(tmp_path: Path) -> None:
    """A hook names the files it passes; a project that excludes its fixtures means those as well."""
    write(tmp_path, {"src/a.py": CODE, "tests/data/bad.py": CODE, "gen.pb.py": CODE, "keep.pb.py": CODE})
    exclude = ["tests/data/", "*.pb.py", "!keep.pb.py"]
    expected = {"gen.pb.py": "excluded", "tests/data/bad.py": "excluded"}
    sources = read(tmp_path, exclude=exclude)
    assert (taken(sources), reasons(sources)) == (["keep.pb.py", "src/a.py"], expected)
    named = read(tmp_path, "tests/data/bad.py", exclude=exclude)
    assert (taken(named), detail(named, "tests/data/bad.py")) == ([], "excluded by the project's configuration")


# --- .gitignore


def test_gitignore_is_honoured_where_there_is_no_git(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*.log\n/out/\nsecret*\n!secret-template.py\n[\n\\\n",
            "a.py": CODE,
            "a.log": "x\n",
            "out/b.py": CODE,
            "src/out/c.py": CODE,
            "src/.gitignore": "!kept.log\nlocal.py\n",
            "src/kept.log": "x\n",
            "src/local.py": CODE,
            "local.py": CODE,
            "secret.py": CODE,
            "secret-template.py": CODE,
        },
    )
    sources = read(tmp_path)
    assert taken(sources) == [
        ".gitignore",
        "a.py",
        "local.py",
        "secret-template.py",
        "src/.gitignore",
        "src/kept.log",
        "src/out/c.py",
    ]
    assert reasons(sources) == {
        "a.log": "excluded",
        "out/": "excluded",
        "secret.py": "excluded",
        "src/local.py": "excluded",
    }
    assert taken(read(tmp_path, "src")) == ["src/.gitignore", "src/kept.log", "src/out/c.py"], "those above count too"


IGNORABLE = st.lists(
    st.sampled_from(
        ["*.py", "a/", "/b", "!b/x.py", "**/x.py", "a/**", "c?.py", "[ab]*", "!a.py", "# x", "", "b/*", "!a/", "x.py "]
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=IGNORABLE, inner=IGNORABLE)
def test_without_git_the_same_files_are_found_as_by_git(
    make_repository: Callable[[str], Repository], tmp_path: Path, top: list[str], inner: list[str]
) -> None:
    shutil.rmtree(tmp_path / "repo", ignore_errors=True)
    repository = make_repository("repo")
    files = dict.fromkeys(("a.py", "b/x.py", "b/y.txt", "a/x.py", "a/d/z.py", "c1.py", "c.py", "d/b/x.py"), CODE)
    repository.write({**files, ".gitignore": "\n".join(top) + "\n", "b/.gitignore": "\n".join(inner) + "\n"})
    by_git = taken(read(repository.root))
    shutil.rmtree(repository.root / ".git")
    assert taken(read(repository.root)) == by_git


# --- git


def test_in_a_git_work_tree_git_says_what_belongs_to_it(repository: Repository) -> None:
    repository.commit(
        {".gitignore": "*.log\nlocal/\n", "a.py": CODE, "tracked.log": "kept although ignored\n", "gone.py": CODE}
    )
    repository.write({"untracked.py": CODE, "new.log": "x\n", "local/a.py": CODE, "local/b.py": CODE})
    (repository.root / "gone.py").unlink()

    sources = read(repository.root)

    assert taken(sources) == [".gitignore", "a.py", "tracked.log", "untracked.py"]
    assert reasons(sources) == {"local/": "excluded", "new.log": "excluded"}


def test_sources_under_version_control_may_live_in_a_directory_called_build(repository: Repository) -> None:
    repository.commit({"build/release.sh": "echo x\n", "a.py": CODE})
    repository.write({"dist/out.js": "let a = 1\n"})
    sources = read(repository.root)
    assert (taken(sources), reasons(sources)) == (["a.py", "build/release.sh"], {"dist/": "generated"})


def test_a_named_directory_that_git_ignores_is_walked(repository: Repository) -> None:
    repository.commit({".gitignore": "scratch/\n", "a.py": CODE})
    repository.write({"scratch/b.py": CODE, "scratch/deep/c.py": CODE})
    assert taken(read(repository.root, "scratch")) == ["scratch/b.py", "scratch/deep/c.py"]
    assert taken(read(repository.root, "scratch/deep")) == ["scratch/deep/c.py"]
    shutil.rmtree(repository.root / ".git")
    assert taken(read(repository.root, "scratch")) == ["scratch/b.py", "scratch/deep/c.py"]
    assert taken(read(repository.root, "scratch/deep")) == ["scratch/deep/c.py"]


def test_a_root_below_the_top_of_the_repository(repository: Repository) -> None:
    repository.commit({"service/a.py": CODE, "service/sub/b.py": CODE, "other/c.py": CODE})
    assert taken(read(repository.root / "service")) == ["a.py", "sub/b.py"]


def test_submodules_and_other_repositories_inside_are_left_out(
    repository: Repository, make_repository: Callable[[str], Repository]
) -> None:
    inner = make_repository("inner")
    inner.commit({"i.py": CODE})
    repository.commit({"a.py": CODE})
    repository.git("submodule", "--quiet", "add", str(inner.root), "sub")
    shutil.copytree(inner.root, repository.root / "nested")
    sources = read(repository.root)
    assert taken(sources) == [".gitmodules", "a.py"]
    assert reasons(sources) == {"nested/": "excluded", "sub/": "vendored"}


def test_files_outside_a_sparse_checkout_are_no_gap(repository: Repository) -> None:
    repository.commit({"in/a.py": CODE, "out/b.py": CODE})
    repository.git("sparse-checkout", "set", "in")
    sources = read(repository.root)
    assert (taken(sources), reasons(sources)) == (["in/a.py"], {"out/b.py": "excluded"})


def test_without_the_git_program_the_tree_is_walked(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({".gitignore": "b.py\n", "a.py": CODE})
    repository.write({"b.py": CODE})
    monkeypatch.setenv("PATH", "/nonexistent")
    assert taken(read(repository.root)) == [".gitignore", "a.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_that_git_refuses_is_walked(repository: Repository) -> None:
    """git does not touch what another user owns, as mounted into a container; its files can still be read."""
    repository.commit({".gitignore": "b.py\n", "a.py": CODE})
    repository.write({"b.py": CODE})
    for path in (repository.root, repository.root / ".git"):
        os.chown(path, 65534, 65534)
    assert taken(read(repository.root)) == [".gitignore", "a.py"]


def test_listing_runs_nothing_the_repository_names(repository: Repository) -> None:
    mark = repository.root.parent / "ran"
    script = repository.root.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    repository.commit({"a.py": CODE})
    repository.git("config", "core.fsmonitor", str(script))
    assert taken(read(repository.root)) == ["a.py"]
    assert not mark.exists()
    repository.git("status")
    assert mark.exists(), "plain git runs it"


# --- links and things that are no files


def test_a_link_to_a_reviewed_file_is_not_reviewed_twice(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": CODE})
    (tmp_path / "b.py").symlink_to("a.py")
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["a.py"], {"b.py": "excluded"})


def test_a_link_to_a_file_inside_the_root_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"store/real.py": CODE, "src/x.txt": "t\n"})
    (tmp_path / "src/b.py").symlink_to("../store/real.py")
    assert taken(read(tmp_path, "src")) == ["src/b.py", "src/x.txt"]


def test_links_out_of_the_root_loops_and_links_to_nothing_are_gaps(tmp_path: Path) -> None:
    write(tmp_path, {"outside/secret.py": CODE, "root/a.py": CODE})
    root = tmp_path / "root"
    (root / "out.py").symlink_to("../outside/secret.py")
    (root / "absolute.py").symlink_to("/etc/passwd")
    (root / "loop1.py").symlink_to("loop2.py")
    (root / "loop2.py").symlink_to("loop1.py")
    (root / "self.py").symlink_to("self.py")
    (root / "dangling.py").symlink_to("nothing.py")
    sources = read(root)
    assert taken(sources) == ["a.py"]
    assert reasons(sources) == {
        "absolute.py": "outside root",
        "dangling.py": "unreadable",
        "loop1.py": "unreadable",
        "loop2.py": "unreadable",
        "out.py": "outside root",
        "self.py": "unreadable",
    }
    assert all(entry.is_gap for entry in sources.skipped)
    assert detail(sources, "dangling.py") == "a symbolic link to nothing"
    assert detail(sources, "self.py") == "a loop of symbolic links"


def test_a_link_to_a_directory_is_not_walked(tmp_path: Path) -> None:
    write(tmp_path, {"d/a.py": CODE})
    (tmp_path / "d/up").symlink_to("..")
    (tmp_path / "again").symlink_to("d")
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["d/a.py"], {"again": "excluded", "d/up": "excluded"})


def test_a_file_behind_a_linked_directory_out_of_the_root_is_not_read(repository: Repository) -> None:
    """git still lists a tracked file whose directory became a link."""
    repository.commit({"d/a.py": CODE, "b.py": CODE})
    outside = write(repository.root.parent / "outside", {"a.py": "SECRET = 1\n"})
    shutil.rmtree(repository.root / "d")
    (repository.root / "d").symlink_to(outside)
    sources = read(repository.root)
    assert taken(sources) == ["b.py"]
    assert reasons(sources)["d/a.py"] == "outside root"


def test_a_root_reached_through_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real", {"a.py": CODE})
    (tmp_path / "link").symlink_to("real")
    assert taken(read(tmp_path / "link")) == ["a.py"]
    assert taken(read_paths([tmp_path / "real" / "a.py"], root=tmp_path / "link")) == ["a.py"]
    assert taken(read_paths([tmp_path / "link"], root=tmp_path)) == ["real/a.py"]


def test_pipes_sockets_and_devices_never_block(tmp_path: Path) -> None:
    """To open a pipe waits for a writer; to open a device can do anything."""
    write(tmp_path, {"a.py": CODE})
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "null.py").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        # A socket's path is short: it is bound where it is.
        here = os.open(tmp_path, os.O_RDONLY)
        try:
            server.bind(f"/proc/self/fd/{here}/socket.py")
        finally:
            os.close(here)
        sources = read(tmp_path)
        named = read(tmp_path, "pipe.py")
    assert taken(sources) == ["a.py"]
    assert reasons(sources) == {"null.py": "outside root", "pipe.py": "unreadable", "socket.py": "unreadable"}
    assert detail(sources, "pipe.py") == "a named pipe, not a plain file"
    assert reasons(named) == {"pipe.py": "unreadable"}


def test_a_file_that_never_ends_is_read_to_the_limit_only() -> None:
    """Files of /proc say that they have 0 bytes."""
    sources = read_paths(
        [Path("/proc/self/mountinfo"), Path("/proc/kallsyms")], root=Path("/proc"), limits=Limits(max_file_bytes=10)
    )
    assert set(reasons(sources).values()) <= {"too large", "outside root"}
    assert sources.files == ()


# --- races and permissions


def test_a_file_that_disappears_after_it_was_listed_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": CODE, "b.py": CODE})
    real = module.read_file

    def vanishing(root: Path, path: str, max_bytes: int) -> bytes | Refusal:
        (tmp_path / "b.py").unlink(missing_ok=True)
        return real(root, path, max_bytes)

    monkeypatch.setattr(module, "read_file", vanishing)
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["a.py"], {"b.py": "unreadable"})
    assert detail(sources, "b.py") == "it disappeared while the review began"


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_may_not_be_read_is_a_gap(open_directory: Path) -> None:
    write(open_directory, {"a.py": CODE, "private.py": CODE, "closed/b.py": CODE})
    (open_directory / "private.py").chmod(0)
    (open_directory / "closed").chmod(0)
    if os.geteuid():
        sources = read(open_directory)
    else:  # nothing is forbidden to root
        os.seteuid(65534)
        try:
            sources = read(open_directory)
        finally:
            os.seteuid(0)
    (open_directory / "closed").chmod(0o755)
    assert (taken(sources), reasons(sources)) == (["a.py"], {"closed/": "unreadable", "private.py": "unreadable"})
    assert detail(sources, "private.py") == "permission denied"


def test_a_tree_that_changes_meanwhile_never_breaks_the_reading(tmp_path: Path) -> None:
    write(tmp_path, {f"d{n}/f{m}.py": CODE for n in range(20) for m in range(20)})
    timer = Timer(0.01, lambda: shutil.rmtree(tmp_path / "d7", ignore_errors=True))
    timer.start()
    for _ in range(5):
        sources = read(tmp_path)
        assert len(sources.files) >= 380
    timer.join()


# --- limits


def test_a_file_over_the_size_limit_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"big.py": b"x" * 101, "just.py": b"x" * 100})
    sources = read(tmp_path, limits=Limits(max_file_bytes=100))
    assert (taken(sources), detail(sources, "big.py")) == (["just.py"], "101 bytes; the limit is 100")
    assert sources.skipped[0].is_gap


def test_beyond_the_number_of_files_programs_come_first(tmp_path: Path) -> None:
    write(tmp_path, {f"a{n}.csv": "1,2\n" for n in range(5)} | {f"z{n}.py": CODE for n in range(5)})
    sources = read(tmp_path, limits=Limits(max_files=6))
    assert taken(sources) == ["a0.csv", *(f"z{n}.py" for n in range(5))]
    assert reasons(sources) == {f"a{n}.csv": "too many files" for n in range(1, 5)}
    assert all(entry.is_gap for entry in sources.skipped)


def test_many_files_beyond_the_limit_are_told_by_their_directories(tmp_path: Path) -> None:
    write(tmp_path, {f"d{n % 30:02}/e{n % 5}/f{n:03}.py": CODE for n in range(600)})
    sources = read(tmp_path, limits=Limits(max_files=10))
    assert len(sources.files) == 10
    assert len(sources.skipped) <= 200
    assert sum(int(entry.detail.split()[0]) if entry.path.endswith("/") else 1 for entry in sources.skipped) == 590
    assert {entry.reason for entry in sources.skipped} == {SkipReason.TOO_MANY_FILES}


def test_beyond_the_total_of_bytes_the_rest_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": b"x" * 60, "b.py": b"x" * 60, "c.py": b"x" * 30})
    sources = read(tmp_path, limits=Limits(max_total_bytes=100))
    assert (taken(sources), reasons(sources)) == (["a.py", "c.py"], {"b.py": "too large"})


# --- paths that are wrong


def test_a_path_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidSubmission, match=r"missing\.py: no such file or directory"):
        read(tmp_path, "missing.py")
    (tmp_path / "dangling").symlink_to("nothing")
    with pytest.raises(InvalidSubmission, match="dangling"):
        read(tmp_path, "dangling")


def test_a_path_outside_the_root_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"root/a.py": CODE, "b.py": CODE})
    (tmp_path / "root/out.py").symlink_to("../b.py")
    for path in ("../b.py", "out.py", "..", "/etc/passwd"):
        with pytest.raises(OutsideRoot):
            read(tmp_path / "root", path)


def test_an_empty_directory_is_an_empty_review(tmp_path: Path) -> None:
    assert read(tmp_path) == Sources(label=tmp_path.name)


def test_a_name_with_control_characters_is_left_out_and_shown_printable(tmp_path: Path) -> None:
    """A line feed in a name would forge lines of the report, an escape the terminal's."""
    write(tmp_path, {"a\nb.py": CODE, "a\x1b[2J.py": CODE, "ok.py": CODE})
    sources = read(tmp_path)
    assert (taken(sources), reasons(sources)) == (["ok.py"], {"a\\x0ab.py": "encoding", "a\\x1b[2J.py": "encoding"})
