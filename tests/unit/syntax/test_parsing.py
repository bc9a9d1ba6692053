"""Parsing: any text, in bounded time."""

import signal
import subprocess
import sys
import threading
from time import process_time

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereview.syntax.parsing import GRAMMARS, MAX_BYTES, MEMORY_BYTES, ParseTimeout, grammar_of, parse
from codereview.syntax.rehearsing import RehearsalFailed, Rehearsals


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_code_of_each_grammar_parses_without_an_error(grammar: str) -> None:
    code = {
        "go": "package a\n\nfunc f() int { return 1 }\n",
        "java": "class A { int f() { return 1; } }\n",
        "javascript": "const A = () => <b>{1}</b>;\n",
        "python": "def f() -> int:\n    return 1\n",
        "tsx": "const A = (): Element => <b>{1}</b>;\n",
        "typescript": "const f = (x: number): number => <number>x;\n",
    }[grammar]

    root = parse(code, grammar).root_node

    assert not root.has_error
    assert (root.start_byte, root.end_byte) == (0, len(code))


@pytest.mark.parametrize(
    ("language", "path", "grammar"),
    [
        ("python", "a.py", "python"),
        ("javascript", "a.jsx", "javascript"),
        ("typescript", "a.ts", "typescript"),
        ("typescript", "a.tsx", "tsx"),
        ("typescript", "A.TSX", "tsx"),
        ("tsx", "", "tsx"),
        ("yaml", "a.yml", None),
        ("", "a", None),
    ],
)
def test_the_grammar_follows_language_and_name(language: str, path: str, grammar: str | None) -> None:
    assert grammar_of(language, path) == grammar


def test_offsets_count_bytes_and_node_texts_are_the_source() -> None:
    """Columns and slices are computed from offsets: an accent before them must not shift them."""
    text = "é = 'ü'\nf = 1\n"
    last = parse(text, "python").root_node.named_children[-1]
    assert text.encode()[last.start_byte : last.end_byte] == b"f = 1"
    assert last.text == b"f = 1"


@given(st.text(), st.sampled_from(GRAMMARS))
def test_any_text_gives_a_tree(text: str, grammar: str) -> None:
    assert parse(text, grammar).root_node.end_byte <= len(text.encode("utf-8", "replace"))


def test_lone_surrogates_are_parsed_over() -> None:
    assert parse("x = '\ud800'\n", "python").root_node.named_child_count == 1


def test_a_text_above_the_size_limit_is_not_parsed() -> None:
    with pytest.raises(ParseTimeout, match="too many"):
        parse("#" * (MAX_BYTES + 1), "python")


def test_parsing_stops_at_the_deadline_and_the_parser_works_afterwards() -> None:
    text = "class A { m(){return 1}\n f = () => 2}\n" * 20_000
    started = process_time()
    with pytest.raises(ParseTimeout, match=r"0\.05 s"):
        parse(text, "go", timeout_s=0.05)
    assert process_time() - started < 2
    assert not parse("package a\n", "go").root_node.has_error


@pytest.mark.parametrize(("grammar", "piece"), [("java", "a<"), ("javascript", ";!"), ("typescript", ";+")])
def test_a_text_that_takes_memory_by_the_square_of_its_length_costs_another_process(grammar: str, piece: str) -> None:
    """Forty kilobytes of these would take gigabytes, and two hundred would end a worker with all its files."""
    ours = psutil.Process()
    before = ours.memory_info().rss
    with pytest.raises(ParseTimeout, match="memory"):
        parse(piece * 20_000, grammar)
    assert ours.memory_info().rss - before < 50_000_000
    assert not parse("x\n" * 2_000, "python").root_node.has_error


def test_parsing_keeps_nothing_of_the_texts() -> None:
    """A worker parses for days."""
    text = "def f(a):\n    return a.b[c] + 'd'\n" * 6_000
    parse(text, "python")
    before = psutil.Process().memory_info().rss
    for _ in range(12):
        parse(text, "python")
    assert psutil.Process().memory_info().rss - before < 2_000_000


def test_an_interruption_leaves_no_answer_to_the_next_text() -> None:
    """A task's time limit is raised anywhere: what is then still parsed elsewhere is not this process's business."""
    rehearsals = Rehearsals(["tree_sitter_python:language"], memory_bytes=MEMORY_BYTES)
    rehearsals.parse(0, b"x\n", timeout_s=5)
    before = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(InterruptedError):
            rehearsals.parse(0, b"+:" * 20_000, timeout_s=5)
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(RehearsalFailed, match=r"0\.2 s"):
        rehearsals.parse(0, b"+:" * 20_000, timeout_s=0.2)
    rehearsals.parse(0, b"x\n", timeout_s=5)
    rehearsals.close()


def _interrupt(_signal: int, _frame: object) -> None:
    raise InterruptedError


def test_a_forked_process_parses_with_one_of_its_own() -> None:
    """Workers fork their pool after the parent may have parsed."""
    program = (
        "import os; from codereview.syntax.parsing import parse; text = 'x' * 5000; parse(text, 'python');"
        "child = os.fork(); parse(text, 'python');"
        "os._exit(0) if child == 0 else print(os.waitpid(child, 0)[1]); parse(text, 'python')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_an_unknown_grammar_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        parse("", "cobol")


def test_threads_parse_at_the_same_time() -> None:
    """A tree-sitter parser shared between threads mixes their texts."""
    wrong: list[str] = []

    def work(name: str) -> None:
        for _ in range(50):
            root = parse(f"def {name}():\n    return {name}\n" * 20, "python").root_node
            if {node.child_by_field_name("name").text for node in root.named_children} != {name.encode()}:  # type: ignore[union-attr]
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(f"function_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
