"""What a model is shown: chunks, context, redaction."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereview.domain.estimating import estimate_tokens
from codereview.domain.sources import LineRange, Removal, SourceFile
from codereview.planning.chunks import Chunk, Cut, Segment, Tier, cut, readable
from codereview.planning.context import Project
from codereview.planning.redacting import Shown, placeholder, shown
from codereview.secrets.formats import Form, forms


def python(text: str, path: str = "app.py", **more: object) -> SourceFile:
    return SourceFile(path=path, text=text, language="python", **more)  # type: ignore[arg-type]


def functions(count: int, lines: int = 10) -> str:
    body = "".join(f"    value_{n} = compute({n}, 'some text here')\n" for n in range(lines))
    return "\n\n".join(f"def function_{n}(argument):\n{body}" for n in range(count))


def cold(_: str) -> bool:
    return False


def cut_up(*files: SourceFile, tokens: int = 600) -> Cut:
    return cut(files, tokens=tokens, estimate=estimate_tokens, hot=cold)


# --- chunks


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(150, 1500))
def test_every_line_of_a_whole_file_is_in_exactly_one_chunk(sizes: list[int], tokens: int) -> None:
    files = [python(functions(size), f"m{n}.py") for n, size in enumerate(sizes)]
    pieces = cut_up(*files, tokens=tokens)
    assert not pieces.too_large
    for file in files:
        covered = sorted(
            line
            for chunk in pieces.chunks
            for s in chunk.segments
            if s.path == file.path
            for line in range(s.first, s.last + 1)
        )
        assert covered == list(range(1, len(file.lines)))
    assert all(chunk.tokens <= tokens for chunk in pieces.chunks)


def test_a_file_is_cut_before_declarations() -> None:
    pieces = cut_up(python(functions(12)))
    starts = [python(functions(12)).lines[s.first - 1] for chunk in pieces.chunks for s in chunk.segments]
    assert len(starts) > 2
    assert all(line.startswith("def ") for line in starts)


def test_small_files_share_a_chunk() -> None:
    (chunk,) = cut_up(*(python("x = 1\n", f"m{n}.py") for n in range(5))).chunks
    assert chunk.paths == ("m0.py", "m1.py", "m2.py", "m3.py", "m4.py")


def test_a_line_no_call_can_hold_is_told_not_dropped() -> None:
    pieces = cut_up(python("x = '" + "ab " * 5000 + "'\ny = 1\n"))
    assert [(s.first, s.last) for s in pieces.too_large] == [(1, 1)]
    assert any(chunk.contains("app.py", 2) for chunk in pieces.chunks)


def test_of_a_large_changed_file_only_the_pieces_with_changes_are_asked_about() -> None:
    file = python(functions(12), changed=(LineRange(start=3, end=3),))
    pieces = cut_up(file)
    assert [chunk.contains("app.py", 3) for chunk in pieces.chunks] == [True]


def test_a_piece_that_only_lost_lines_is_asked_about() -> None:
    """Deleting a guard changes no line that is left."""
    file = python(functions(12), changed=(), removed=(Removal(before=3, text="    check(argument)\n"),))
    assert cut_up(file).chunks[0].contains("app.py", 3)


def test_an_untouched_file_of_a_diff_is_not_asked_about() -> None:
    assert cut_up(python("x = 1\n", changed=())).chunks == ()


def test_only_known_lines_of_a_sparse_file_are_shown() -> None:
    text = "\n" * 40 + "a = 1\nb = 2\n" + "\n" * 40 + "c = 3\n"
    file = python(text, sparse=True, changed=(LineRange(start=41, end=41),))
    (chunk,) = cut_up(file).chunks
    assert [(s.first, s.last) for s in chunk.segments] == [(41, 42), (83, 83)]


def test_the_most_sensitive_chunks_come_first() -> None:
    """A budget is spent where it matters."""
    plain = python(functions(6), "a.py")
    login = python("def login(request, password):\n    return db.execute(query)\n" + functions(5), "z.py")
    tiers = [(chunk.paths[0], chunk.tier) for chunk in cut_up(plain, login).chunks]
    assert tiers[0] == ("z.py", Tier.SENSITIVE)
    assert (("a.py", Tier.ORDINARY)) in tiers


def test_what_a_tool_found_grave_makes_a_chunk_sensitive() -> None:
    pieces = cut([python("x = 1\n")], tokens=600, estimate=estimate_tokens, hot=lambda path: path == "app.py")
    assert pieces.chunks[0].tier is Tier.SENSITIVE


def test_a_few_harmless_lines_are_trivial() -> None:
    file = python(functions(3), changed=(LineRange(start=2, end=3),))
    assert cut_up(file, tokens=5000).chunks[0].tier is Tier.TRIVIAL


def test_prose_and_data_are_not_asked_about() -> None:
    kinds = {"python": True, "yaml": True, "dockerfile": True, "markdown": False, "json": False, "": False}
    assert {language: readable(SourceFile(path="f", text="x", language=language)) for language in kinds} == kinds


def test_halving_ends_at_one_line() -> None:
    chunk = Chunk("c001", (Segment("a.py", 1, 3),), 10)
    first, second = chunk.halves(lambda s: s.last - s.first + 1)
    assert (first.segments, second.segments) == ((Segment("a.py", 1, 2),), (Segment("a.py", 3, 3),))
    assert second.halves(lambda _: 1) == ()


# --- context


STORE = "def load(key):\n    return table[key]\n"
VIEW = "from store import load\n\n\ndef show(request):\n    return load(request.args['key'])\n"


def test_the_definitions_a_chunk_uses_and_its_callers_are_shown_beside_it() -> None:
    project = Project.of([python(VIEW, "view.py"), python(STORE, "store.py")])
    view = Chunk("c1", (Segment("view.py", 1, 5),), 10)
    (excerpt,) = project.around(view, tokens=500, estimate=estimate_tokens).excerpts
    assert (excerpt.segment, excerpt.why) == (Segment("store.py", 1, 2), "definition of load")
    store = Chunk("c2", (Segment("store.py", 1, 2),), 10)
    (excerpt,) = project.around(store, tokens=500, estimate=estimate_tokens).excerpts
    assert (excerpt.segment.path, excerpt.why) == ("view.py", "call of load")


def test_context_that_does_not_fit_is_counted() -> None:
    project = Project.of([python(VIEW, "view.py"), python(STORE, "store.py")])
    context = project.around(Chunk("c1", (Segment("view.py", 1, 5),), 10), tokens=1, estimate=estimate_tokens)
    assert (context.excerpts, context.left_out) == ((), 1)


def test_the_outline_names_declarations_with_their_lines_and_says_what_it_leaves_out() -> None:
    project = Project.of([python(VIEW, "view.py"), python(STORE, "store.py")])
    outline = project.outline(tokens=500, estimate=estimate_tokens)
    assert "view.py (6 lines)\n     4  def show(request):" in outline
    assert project.outline(tokens=1, estimate=estimate_tokens) == "(2 more files are not listed)"


def test_the_outline_tells_no_secret_and_hides_no_character() -> None:
    """A declaration's defaults are code; and a prompt's own marks begin with a control character."""
    head = "def connect(password='hunter2!x9Qz', note='\0fence\0\u202e'):"
    outline = Project.of([python(f"{head}\n    pass\n", "a\u202eb.py")]).outline(tokens=500, estimate=estimate_tokens)
    assert "password='<redacted-secret-1>', note='\\x00fence\\x00\\u202e'" in outline
    assert "a\\u202eb.py (" in outline


# --- redaction


def seen_in(lines: list[str]) -> Shown:
    return shown(python("\n".join(lines)))


def test_secrets_are_taken_out_and_can_be_put_back() -> None:
    lines = ['password = "hunter2!x"', 'url = "postgres://bob:s3cretpw@db/app"', 'again = "hunter2!x"']
    seen = seen_in(lines)
    assert "hunter2!x" not in seen.lines[0]
    assert "s3cretpw" not in seen.lines[1]
    assert seen.restored("\n".join(seen.lines)) == "\n".join(lines)
    assert seen.hidden("it is hunter2!x") == f"it is {placeholder(1)}"


@pytest.mark.parametrize("form", [form for form in forms() if form.sample], ids=lambda form: form.name)
def test_tokens_of_known_form_are_taken_out_wherever_they_stand(form: Form) -> None:
    seen = seen_in([f"# for {form.name} use {form.sample} for now"])
    assert form.sample not in seen.lines[0]


def test_a_secret_that_a_comment_excuses_is_taken_out_too() -> None:
    """Excused is not public."""
    assert "hunter2!x" not in seen_in(['password = "hunter2!x"  # pragma: allowlist secret']).lines[0]


def test_a_private_key_is_taken_out_line_by_line() -> None:
    """Lines keep their numbers."""
    key = ["x = 1", "-----BEGIN RSA PRIVATE KEY-----", "MIIabc", "def", "-----END RSA PRIVATE KEY-----", "y = 2"]
    seen = seen_in(key)
    assert len(seen.lines) == len(key)
    assert "MIIabc" not in "\n".join(seen.lines)
    assert (seen.lines[0], seen.lines[5]) == ("x = 1", "y = 2")


def test_what_names_a_secret_without_being_one_is_shown() -> None:
    """A reviewer must see that it is a placeholder."""
    lines = [
        'password = "changeme"',
        'token = "${TOKEN}"',
        "password = request.form['password']",
        'secret = "<secret>"',
    ]
    assert seen_in(lines).lines == lines


def test_invisible_characters_become_visible() -> None:
    assert seen_in(["if admin:\u202e # \x1b[2J"]).lines == ["if admin:\\u202e # \\x1b[2J"]


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_lines_keep_their_number_whatever_is_in_them(text: str) -> None:
    assert len(shown(python(text)).lines) == len(text.split("\n"))
