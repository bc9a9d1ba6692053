"""Changes in a git work tree, on real repositories."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.trees import Repository

from codereview.domain.coverage import SkipReason
from codereview.domain.sources import Sources
from codereview.errors import DiffDoesNotApply, InvalidSubmission
from codereview.inputs.git import head_revision, read_diff, read_staged, work_tree_root
from codereview.inputs.limits import Limits

ABC = "a = 1\nb = 2\nc = 3\n"


def texts(sources: Sources) -> dict[str, str]:
    return {file.path: file.text for file in sources.files}


def changed(sources: Sources) -> dict[str, list[tuple[int, int]]]:
    return {file.path: [(r.start, r.end) for r in file.changed or ()] for file in sources.files}


def reasons(sources: Sources) -> dict[str, SkipReason | None]:
    return {entry.path: entry.reason for entry in sources.skipped}


def detail(sources: Sources, path: str) -> str:
    return next(entry.detail for entry in sources.skipped if entry.path == path)


# --- the work tree against a revision


def test_a_revision_is_compared_with_the_work_tree_committed_or_not(repository: Repository) -> None:
    repository.commit({"a.py": ABC, "same.py": ABC})
    repository.git("switch", "-qc", "feature")
    repository.commit({"new.py": "n = 1\n"})
    repository.write({"a.py": "a = 1\nb = 22\nc = 3\n", "staged.py": "s = 1\n"}).git("add", "staged.py")

    sources = read_diff("main", start=repository.root)

    assert texts(sources) == {"a.py": "a = 1\nb = 22\nc = 3\n", "new.py": "n = 1\n", "staged.py": "s = 1\n"}
    assert changed(sources) == {"a.py": [(2, 2)], "new.py": [(1, 1)], "staged.py": [(1, 1)]}
    assert sources.label == "diff main"
    assert {file.language for file in sources.files} == {"python"}


def test_what_the_other_branch_did_meanwhile_is_not_a_change_of_ours(repository: Repository) -> None:
    """As git diff --merge-base: the comparison begins where the branches parted."""
    repository.commit({"a.py": ABC})
    repository.git("switch", "-qc", "feature")
    repository.commit({"ours.py": "o = 1\n"})
    repository.git("switch", "-q", "main")
    repository.commit({"theirs.py": "t = 1\n", "a.py": "changed = 1\n"})
    repository.git("switch", "-q", "feature")

    assert list(texts(read_diff("main", start=repository.root))) == ["ours.py"]
    assert list(texts(read_diff("main...", start=repository.root))) == ["ours.py"]
    assert sorted(texts(read_diff("main..", start=repository.root))) == ["a.py", "ours.py"]


def test_head_stands_for_what_is_not_committed(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"a.py": f"z = 0\n{ABC}"})
    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(1, 1)]}


def test_no_change_is_an_empty_review(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    sources = read_diff("HEAD", start=repository.root)
    assert (sources.files, sources.skipped) == ((), ())


# --- between two revisions


def test_a_range_reads_the_files_at_its_second_end(repository: Repository) -> None:
    first = repository.commit({"a.py": ABC, "gone.py": ABC})
    repository.git("rm", "-q", "gone.py")
    second = repository.commit({"a.py": f"{ABC}d = 4\n"})
    repository.commit({"a.py": "later = 1\n"})
    repository.write({"a.py": "not committed\n"})

    sources = read_diff(f"{first}..{second}", start=repository.root)

    assert texts(sources) == {"a.py": f"{ABC}d = 4\n"}
    assert changed(sources) == {"a.py": [(4, 4)]}
    assert reasons(sources) == {"gone.py": SkipReason.DELETED}


def test_three_dots_begin_where_the_branches_parted(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.git("switch", "-qc", "feature")
    repository.commit({"ours.py": "o = 1\n"})
    repository.git("switch", "-q", "main")
    repository.commit({"theirs.py": "t = 1\n"})

    assert list(texts(read_diff("main...feature", start=repository.root))) == ["ours.py"]
    assert reasons(read_diff("main..feature", start=repository.root)) == {"theirs.py": SkipReason.DELETED}
    assert list(texts(read_diff("...feature", start=repository.root))) == ["ours.py"]


def test_tags_ancestors_and_branch_names_with_slashes_are_revisions(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.git("tag", "--annotate", "-m", "v1", "v1")
    repository.git("branch", "topic/one")
    repository.commit({"b.py": ABC})
    for name in ("v1", "topic/one", "HEAD~1", "@~", "v1..HEAD"):
        assert list(texts(read_diff(name, start=repository.root))) == ["b.py"], name


# --- staged


def test_staged_is_what_the_next_commit_holds_not_what_lies_in_the_work_tree(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"a.py": f"{ABC}staged = 1\n"}).git("add", "a.py")
    repository.write({"a.py": "and changed again\n", "untracked.py": "u = 1\n"})

    sources = read_staged(start=repository.root)

    assert texts(sources) == {"a.py": f"{ABC}staged = 1\n"}
    assert changed(sources) == {"a.py": [(4, 4)]}
    assert sources.skipped == ()


def test_staged_before_the_first_commit(repository: Repository) -> None:
    repository.write({"a.py": ABC}).git("add", "a.py")
    assert changed(read_staged(start=repository.root)) == {"a.py": [(1, 3)]}


def test_as_a_hook_of_a_partial_commit_the_index_of_that_commit_is_read(repository: Repository) -> None:
    """``git commit PATH`` prepares an index of its own and names it in GIT_INDEX_FILE."""
    repository.commit({"a.py": ABC, "b.py": ABC})
    hook = repository.root / ".git" / "hooks" / "pre-commit"
    out = repository.root.parent / "seen"
    program = "from pathlib import Path; from codereview.inputs.git import read_staged; import sys; "
    program += "print([f.path for f in read_staged(start=Path('.')).files], file=open(sys.argv[1], 'w'))"
    python = shutil.which("python3", path=str(Path(os.sys.executable).parent)) or os.sys.executable  # type: ignore[attr-defined]
    hook.write_text(f'#!/bin/sh\nexec "{python}" -c "{program}" "{out}"\n')
    hook.chmod(0o755)
    repository.write({"a.py": "a = 5\n", "b.py": "b = 5\n"}).git("add", "b.py")

    repository.git("commit", "-qm", "partial", "--", "a.py")

    assert out.read_text() == "['a.py']\n"


# --- kinds of changes


def test_files_without_lines_to_review_are_named_with_the_reason(repository: Repository) -> None:
    long = "".join(f"line_{n} = {n}\n" for n in range(30))
    repository.commit({"gone.py": ABC, "old.py": long, "mode.sh": ABC, "link": "x", "image.png": b"\x89PNG\0a"})
    repository.git("rm", "-q", "gone.py")
    repository.git("mv", "old.py", "renamed.py")
    (repository.root / "mode.sh").chmod(0o755)
    (repository.root / "link").unlink()
    (repository.root / "link").symlink_to("mode.sh")
    repository.write(
        {
            "image.png": b"\x89PNG\0b",
            "latin.py": b"x = '\xe9'\n",
            "empty.py": "",
            "package-lock.json": "{}\n",
            "vendor/dep.py": "x = 1\n",
            "api_pb2.py": "# Code generated by protoc. DO NOT EDIT.\nx = 1\n",
        }
    )
    repository.git("add", "--all")

    for sources in (read_diff("HEAD", start=repository.root), read_staged(start=repository.root)):
        assert texts(sources) == {}
        assert reasons(sources) == {
            "api_pb2.py": SkipReason.GENERATED,
            "empty.py": SkipReason.EMPTY,
            "gone.py": SkipReason.DELETED,
            "image.png": SkipReason.BINARY,
            "latin.py": SkipReason.ENCODING,
            "link": SkipReason.EXCLUDED,
            "mode.sh": SkipReason.EXCLUDED,
            "package-lock.json": SkipReason.GENERATED,
            "renamed.py": SkipReason.EXCLUDED,
            "vendor/dep.py": SkipReason.VENDORED,
        }
        assert detail(sources, "gone.py") == "deleted"
        assert detail(sources, "mode.sh") == "only its mode changed"
        assert detail(sources, "renamed.py") == "renamed or copied, no line changed"


def test_a_renamed_file_is_reviewed_where_its_lines_changed(repository: Repository) -> None:
    long = "".join(f"line_{n} = {n}\n" for n in range(30))
    repository.commit({"old.py": long})
    repository.git("mv", "old.py", "renamed.py")
    repository.commit({"renamed.py": long.replace("line_7 = 7", "line_7 = 8")})
    assert changed(read_diff("HEAD~1..HEAD", start=repository.root)) == {"renamed.py": [(8, 8)]}


def test_a_file_that_only_lost_lines_has_no_changed_lines(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"a.py": "a = 1\nc = 3\n"})
    sources = read_diff("HEAD", start=repository.root)
    assert changed(sources) == {"a.py": []}
    assert sources.files[0].changed == ()
    assert [(removal.before, removal.text) for removal in sources.files[0].removed] == [(2, "b = 2\n")]


def test_a_file_becoming_a_link_and_back(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    (repository.root / "b.py").symlink_to("a.py")
    repository.commit()
    (repository.root / "b.py").unlink()
    repository.write({"b.py": "b = 1\n"})
    assert changed(read_diff("HEAD", start=repository.root)) == {"b.py": [(1, 1)]}


@pytest.mark.parametrize(
    "name",
    [
        "with space.py",
        "ünïcode.py",
        'quo"te.py',
        "b/a/b/x.py",
        "-dash.py",
        "a b/a b/x.py",
        "back\\slash.py",
    ],
)
def test_any_file_name_keeps_its_changed_lines(repository: Repository, name: str) -> None:
    repository.commit({name: ABC})
    repository.write({name: f"{ABC}d = 4\n"})
    assert changed(read_diff("HEAD", start=repository.root)) == {name: [(4, 4)]}
    repository.git("add", "--all")
    assert changed(read_staged(start=repository.root)) == {name: [(4, 4)]}


def test_a_name_that_cannot_stand_in_a_report_is_left_out(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    (repository.root / os.fsdecode(b"\xff.py")).write_text("x = 1\n")
    (repository.root / "tab\there.py").write_text("x = 1\n")
    repository.git("add", "--all")
    left = {"\\udcff.py": SkipReason.ENCODING, "tab\\x09here.py": SkipReason.ENCODING}
    assert reasons(read_staged(start=repository.root)) == left


def test_line_endings_do_not_shift_lines(repository: Repository) -> None:
    """The index holds line feeds, the work tree carriage returns: lines keep their numbers."""
    repository.git("config", "core.autocrlf", "true")
    repository.commit({"a.py": ABC.replace("\n", "\r\n")})
    repository.write({"a.py": f"{ABC}d = 4\n".replace("\n", "\r\n")})
    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(4, 4)]}


def test_a_change_without_a_line_feed_at_the_end(repository: Repository) -> None:
    repository.commit({"a.py": "a = 1\nb = 2", "z.py": ABC})
    repository.write({"a.py": "a = 1\nb = 3", "z.py": "a = 1\nb = 2\nz = 3\n"})
    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(2, 2)], "z.py": [(3, 3)]}


def test_a_conflict_that_is_not_resolved_is_a_gap_in_the_index(repository: Repository) -> None:
    repository.commit({"a.py": "a = 1\n"})
    repository.git("switch", "-qc", "other")
    repository.commit({"a.py": "a = 2\n"})
    repository.git("switch", "-q", "main")
    repository.commit({"a.py": "a = 3\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "other")
    staged = read_staged(start=repository.root)
    assert reasons(staged) == {"a.py": SkipReason.UNREADABLE}
    assert staged.skipped[0].is_gap
    assert "<<<<<<<" in texts(read_diff("HEAD", start=repository.root))["a.py"], "the work tree is read as it is"


def test_untracked_files_are_in_no_diff_and_are_named(repository: Repository) -> None:
    repository.commit({"a.py": ABC, ".gitignore": "*.log\n"})
    repository.write({"new.py": "n = 1\n", "more/x.py": "x = 1\n", "a.log": "x"})
    sources = read_diff("HEAD", start=repository.root)
    assert texts(sources) == {}
    assert reasons(sources) == {"more/": SkipReason.EXCLUDED, "new.py": SkipReason.EXCLUDED}
    assert "git add" in detail(sources, "new.py")


def test_a_submodule_is_left_out(repository: Repository, make_repository: Callable[[str], Repository]) -> None:
    inner = make_repository("inner")
    inner.commit({"i.py": "i = 1\n"})
    repository.commit({"a.py": ABC})
    repository.git("submodule", "--quiet", "add", str(inner.root), "sub")
    assert reasons(read_staged(start=repository.root))["sub"] is SkipReason.VENDORED


# --- narrowing and limits


def test_excluded_paths_are_left_out(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"a.py": "x = 1\n", "tests/t.py": "t = 1\n"}).git("add", "--all")
    sources = read_staged(start=repository.root, exclude=["tests/"])
    assert list(texts(sources)) == ["a.py"]
    assert reasons(sources) == {"tests/t.py": SkipReason.EXCLUDED}


def test_paths_narrow_the_review(repository: Repository) -> None:
    repository.commit()
    repository.commit({"src/a.py": ABC, "src/b.py": ABC, "lib/[x].py": ABC, "lib/x.py": ABC})
    inside = repository.root / "src"
    read = {
        "src": list(texts(read_diff("HEAD~1", start=repository.root, paths=[inside]))),
        "src/a.py": list(texts(read_diff("HEAD~1..HEAD", start=inside, paths=[inside / "a.py"]))),
        "glob": list(texts(read_diff("HEAD~1", start=repository.root, paths=[repository.root / "lib/[x].py"]))),
        "all": list(texts(read_diff("HEAD~1", start=inside, paths=[repository.root]))),
    }
    assert read == {
        "src": ["src/a.py", "src/b.py"],
        "src/a.py": ["src/a.py"],
        "glob": ["lib/[x].py"],
        "all": ["lib/[x].py", "lib/x.py", "src/a.py", "src/b.py"],
    }
    with pytest.raises(InvalidSubmission, match="not in the work tree"):
        read_diff("HEAD~1", start=repository.root, paths=[repository.root.parent])


def test_from_a_subdirectory_paths_are_still_those_of_the_repository(repository: Repository) -> None:
    repository.commit({"src/deep/a.py": ABC})
    repository.write({"src/deep/a.py": f"{ABC}d = 4\n"})
    assert changed(read_diff("HEAD", start=repository.root / "src" / "deep")) == {"src/deep/a.py": [(4, 4)]}
    repository.git("add", "--all")
    assert changed(read_staged(start=repository.root / "src" / "deep")) == {"src/deep/a.py": [(4, 4)]}


def test_a_file_too_large_is_a_gap_on_every_side(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"big.py": "x = 1\n" * 100, "a.py": "a = 2\n"}).git("add", "--all")
    limits = Limits(max_file_bytes=100)
    for sources in (
        read_staged(start=repository.root, limits=limits),
        read_diff("HEAD", start=repository.root, limits=limits),
    ):
        assert list(texts(sources)) == ["a.py"]
        assert reasons(sources) == {"big.py": SkipReason.TOO_LARGE}
    repository.commit()
    assert reasons(read_diff("HEAD~1..HEAD", start=repository.root, limits=limits)) == {"big.py": SkipReason.TOO_LARGE}


def test_more_changed_files_than_the_limit_are_a_gap(repository: Repository) -> None:
    repository.commit()
    repository.commit({f"f{n:02}.py": f"x = {n}\n" for n in range(12)})
    sources = read_diff("HEAD~1", start=repository.root, limits=Limits(max_files=10))
    assert len(sources.files) == 10
    assert reasons(sources) == {"f10.py": SkipReason.TOO_MANY_FILES, "f11.py": SkipReason.TOO_MANY_FILES}


def test_many_changed_files_are_read_with_few_commands(repository: Repository) -> None:
    repository.commit()
    repository.commit({f"d{n % 7}/f{n}.py": f"x = {n}\n" for n in range(1200)})
    assert len(read_diff("HEAD~1..HEAD", start=repository.root).files) == 1200


# --- what cannot be compared


@pytest.mark.parametrize("spec", ["nonsense", "main..nonsense", "nonsense...main", "v1^{tree}", "HEAD~99", ""])
def test_an_unknown_revision_is_named(repository: Repository, spec: str) -> None:
    repository.commit({"a.py": ABC})
    with pytest.raises(InvalidSubmission, match="nonsense" if "nonsense" in spec else "revision"):
        read_diff(spec, start=repository.root)


@pytest.mark.parametrize("spec", ["--output=/tmp/pwned", "-O", "main..--output=x", "--no-index", "main...-x"])
def test_a_revision_is_never_taken_for_an_option(repository: Repository, spec: str) -> None:
    """ "--output=FILE" would make git write a file."""
    repository.commit({"a.py": ABC})
    with pytest.raises(InvalidSubmission, match="revision"):
        read_diff(spec, start=repository.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_that_git_refuses_is_told_as_git_tells_it(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    for path in (repository.root, repository.root / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(InvalidSubmission, match=r"safe\.directory"):
        read_diff("HEAD", start=repository.root)


def test_without_a_repository_the_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidSubmission, match="not in a git work tree"):
        read_diff("main", start=tmp_path)
    with pytest.raises(InvalidSubmission, match="not in a git work tree"):
        read_staged(start=tmp_path)
    assert work_tree_root(tmp_path) is None
    assert head_revision(tmp_path) == ""


def test_before_the_first_commit_there_is_nothing_to_compare_with(repository: Repository) -> None:
    with pytest.raises(InvalidSubmission, match="neither a revision"):
        read_diff("main", start=repository.root)
    assert head_revision(repository.root) == ""


def test_unrelated_histories_have_no_common_ancestor(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.git("checkout", "-q", "--orphan", "island")
    repository.commit({"b.py": ABC})
    with pytest.raises(InvalidSubmission, match="no common ancestor"):
        read_diff("main", start=repository.root)


def test_a_shallow_clone_is_told_to_fetch_more(
    repository: Repository, make_repository: Callable[[str], Repository]
) -> None:
    repository.commit({"a.py": ABC})
    repository.git("switch", "-qc", "feature")
    repository.commit({"b.py": ABC})
    repository.git("switch", "-q", "main")
    repository.commit({"c.py": ABC})
    clone = make_repository("clone")
    for branch in ("main", "feature"):
        clone.git("fetch", "-q", "--depth=1", f"file://{repository.root}", f"{branch}:refs/heads/local-{branch}")
    clone.git("switch", "-q", "local-feature")
    with pytest.raises(InvalidSubmission, match="unshallow"):
        read_diff("local-main", start=clone.root)


def test_the_commit_that_is_checked_out_can_be_told(repository: Repository) -> None:
    commit = repository.commit({"a.py": ABC})
    assert head_revision(repository.root) == commit
    assert work_tree_root(repository.root / ".") == repository.root.resolve()


def test_a_work_tree_besides_the_main_one(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.git("worktree", "add", "-q", "-b", "side", "../side")
    side = Repository(repository.root.parent / "side")
    side.commit({"b.py": ABC})
    assert list(texts(read_diff("main", start=side.root))) == ["b.py"]


# --- a repository that means harm


def test_nothing_the_repository_names_is_run(repository: Repository) -> None:
    """Each of these makes plain git run a program when it compares the work tree."""
    mark = repository.root.parent / "ran"
    script = repository.root.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\ncat\n")
    script.chmod(0o755)
    repository.commit(
        {"a.py": ABC, "b.txt": ABC, ".gitattributes": "*.py filter=evil diff=evil\n*.txt filter=with.dot\n"}
    )
    for key, value in {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(repository.root.parent),
        "core.pager": str(script),
        "diff.external": str(script),
        "diff.evil.textconv": str(script),
        "diff.evil.command": str(script),
        "filter.evil.clean": str(script),
        "filter.evil.process": str(script),
        "filter.evil.required": "true",
        "filter.with.dot.clean": str(script),
        "filter.eq=ual.clean": str(script),
        "interactive.diffFilter": str(script),
    }.items():
        repository.git("config", key, value)
    shutil.copy(script, repository.root.parent / "post-index-change")
    repository.write({"a.py": f"{ABC}d = 4\n", "b.txt": f"{ABC}d = 4\n"})
    with suppress(subprocess.CalledProcessError):
        repository.git("diff", "HEAD")
    assert mark.read_text().count("\n") > 1, "plain git runs them"
    mark.unlink()

    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(4, 4)], "b.txt": [(4, 4)]}
    read_staged(start=repository.root)
    read_diff("HEAD..HEAD", start=repository.root)

    assert not mark.exists(), mark.read_text()


def test_attributes_and_configuration_cannot_hide_a_change(repository: Repository) -> None:
    repository.commit({"a.py": ABC, "b.py": ABC})
    repository.commit({".gitattributes": "a.py -diff\nb.py binary\n"})
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.relative": "true",
        "diff.interHunkContext": "9",
        "color.diff": "always",
        "diff.ignoreSubmodules": "all",
        "diff.renames": "copies",
        "diff.wsErrorHighlight": "all",
    }.items():
        repository.git("config", key, value)
    repository.write({"a.py": f"{ABC}d = 4\n", "b.py": f"z = 0\n{ABC}"})
    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(4, 4)], "b.py": [(1, 1)]}


def test_variables_that_point_git_elsewhere_have_no_say(
    repository: Repository, make_repository: Callable[[str], Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository("other")
    other.commit({"other.py": ABC})
    repository.commit({"a.py": ABC})
    repository.write({"a.py": f"{ABC}d = 4\n"})
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert changed(read_diff("HEAD", start=repository.root)) == {"a.py": [(4, 4)]}


def test_a_partial_clone_is_not_made_to_fetch(
    repository: Repository, make_repository: Callable[[str], Repository]
) -> None:
    """The promised objects would be fetched by whatever program its configuration names."""
    repository.commit({"a.py": ABC})
    repository.commit({"a.py": f"{ABC}d = 4\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = repository.root.parent / "clone"
    repository.git("clone", "-q", "--no-local", "--filter=blob:none", f"file://{repository.root}", str(clone))
    mark = repository.root.parent / "fetched"
    Repository(clone).git("config", "remote.origin.uploadpack", f"touch {mark}; git-upload-pack")
    with pytest.raises(InvalidSubmission):
        read_diff("HEAD~1..HEAD", start=clone)
    assert not mark.exists()


def test_a_tracked_file_replaced_by_a_link_out_of_the_tree_is_not_read(repository: Repository) -> None:
    repository.commit({"d/a.py": ABC})
    outside = repository.root.parent / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("secret = 1\n")
    shutil.rmtree(repository.root / "d")
    (repository.root / "d").symlink_to(outside)
    sources = read_diff("HEAD", start=repository.root)
    assert texts(sources) == {}


def test_a_pipe_in_the_place_of_a_tracked_file_does_not_block(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    (repository.root / "a.py").unlink()
    os.mkfifo(repository.root / "a.py")
    assert stat.S_ISFIFO((repository.root / "a.py").stat().st_mode)
    with pytest.raises(InvalidSubmission, match=r"a\.py: unsupported file type"):
        read_diff("HEAD", start=repository.root)


# --- a patch file


@pytest.fixture
def patch(repository: Repository) -> Path:
    """A patch of two files, against a repository at the state before it."""
    repository.commit({"a.py": ABC, "b.py": ABC})
    repository.write({"a.py": f"{ABC}d = 4\n", "b.py": "b = 2\nc = 3\n", "new.py": "n = 1\n"}).git("add", "--all")
    patch = repository.root.parent / "change.patch"
    patch.write_text(repository.git("diff", "--cached"))
    repository.git("reset", "-q", "--hard")
    return patch


AFTER = {"a.py": f"{ABC}d = 4\n", "b.py": "b = 2\nc = 3\n", "new.py": "n = 1\n"}
LINES = {"a.py": [(4, 4)], "b.py": [], "new.py": [(1, 1)]}


def test_a_patch_that_is_not_applied_yet_is_applied_in_memory(repository: Repository, patch: Path) -> None:
    sources = read_diff(str(patch), start=repository.root)
    assert (texts(sources), changed(sources)) == (AFTER, LINES)
    assert (repository.root / "a.py").read_text() == ABC


def test_a_patch_that_is_applied_already_is_read_from_the_work_tree(repository: Repository, patch: Path) -> None:
    repository.git("apply", str(patch))
    sources = read_diff(str(patch), start=repository.root)
    assert (texts(sources), changed(sources)) == (AFTER, LINES)


def test_a_patch_may_be_applied_to_some_files_only(repository: Repository, patch: Path) -> None:
    repository.git("apply", "--include=a.py", str(patch))
    sources = read_diff(str(patch), start=repository.root)
    assert (texts(sources), changed(sources)) == (AFTER, LINES)


def test_a_patch_that_fits_neither_way_names_file_hunk_and_line(repository: Repository, patch: Path) -> None:
    repository.write({"a.py": "a = 1\nb = 99\nc = 3\n"})
    with pytest.raises(DiffDoesNotApply, match=r"a\.py: hunk 1 .* at line 2: the diff has 'b = 2', the file 'b = 99'"):
        read_diff(str(patch), start=repository.root)


def test_a_patch_of_a_file_that_is_not_there_names_it(repository: Repository, patch: Path) -> None:
    (repository.root / "b.py").unlink()
    with pytest.raises(DiffDoesNotApply, match=r"b\.py is not in"):
        read_diff(str(patch), start=repository.root)


def test_a_patch_with_a_rename_is_found_before_and_after(repository: Repository) -> None:
    long = "".join(f"line_{n} = {n}\n" for n in range(30))
    repository.commit({"old.py": long})
    repository.git("mv", "old.py", "new.py")
    after = long.replace("line_7 = 7", "line_7 = 8")
    repository.write({"new.py": after}).git("add", "--all")
    patch = repository.root.parent / "rename.patch"
    patch.write_text(repository.git("diff", "--cached", "-M"))
    assert "rename from old.py" in patch.read_text()
    for _ in range(2):
        sources = read_diff(str(patch), start=repository.root)
        assert (texts(sources), changed(sources)) == ({"new.py": after}, {"new.py": [(8, 8)]})
        repository.git("reset", "-q", "--hard")


def test_a_patch_needs_no_repository(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(ABC)
    (tmp_path / "x.diff").write_text("--- a.py\n+++ a.py\n@@ -3 +3,2 @@\n c = 3\n+d = 4\n")
    sources = read_diff(str(tmp_path / "x.diff"), start=tmp_path)
    assert (texts(sources), changed(sources)) == ({"a.py": f"{ABC}d = 4\n"}, {"a.py": [(4, 4)]})


def test_a_patch_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.diff").write_text("--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n")
    with pytest.raises(InvalidSubmission, match="outside the root"):
        read_diff(str(tmp_path / "x.diff"), start=tmp_path)


def test_a_revision_outranks_a_file_of_its_name(repository: Repository) -> None:
    repository.commit({"a.py": ABC})
    repository.write({"main": "not a diff\n", "a.py": "a = 2\n"})
    assert list(texts(read_diff("main", start=repository.root))) == ["a.py"]
    with pytest.raises(InvalidSubmission, match="not a unified diff"):
        read_diff(str(repository.root / "main"), start=repository.root)
