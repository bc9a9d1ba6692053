"""Whatever the text, the analyser answers: in time, without an exception, and saying what it did not examine."""

import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereview.analysers.dataflow import reporting
from codereview.analysers.dataflow.analyser import DataflowAnalyser
from codereview.domain.sources import SourceFile

_SUFFIX = {"python": "py", "javascript": "js", "typescript": "ts", "go": "go", "java": "java"}
_SOUP = {
    "python": """
        def class if elif else for while in not and or is None True f'{x}' 'a' "b" 1 0x_f lambda : ( ) [ ] {
        } , . = += == * ** @ return yield import from as with try except finally match case _ async await
        del global assert raise x y self os.system request.args open eval # \\ ; -> := % | ~""",
    "javascript": """
        function const let var => ( ) { } [ ] ` ${ ' " / class extends import from export default async
        await yield if else for of in while do switch case break try catch finally throw new this x y
        req.query res.send eval require ?. ?? ... = == === + ; /* */ <a> </a>""",
    "typescript": """
        function const interface type enum namespace : string any <T> as ! ? readonly private @Get ( ) { } [
        ] => = x y req res eval ; ` ${ } declare abstract class""",
    "go": """
        package main import func ( ) { } [ ] := = x y if else for range switch case select go defer return
        struct interface map chan type var const " ` ' * & . , ; fmt.Sprintf exec.Command r.FormValue 1 0x""",
    "java": """
        package import class interface enum record public static void int String ( ) { } [ ] < > = x y if
        else for while do switch case -> :: try catch finally throw new this super return " ' ; @Override
        request.getParameter Runtime.getRuntime().exec + ? :""",
}
_WORDS = {language: [*text.split(), "\n", "\n    "] for language, text in _SOUP.items()}


def _examine(text: str, language: str) -> None:
    file = SourceFile(path=f"src/a.{_SUFFIX[language]}", text=text, language=language)
    report = DataflowAnalyser().examine([file])
    assert report.examined or report.problems


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", sorted(_WORDS))
def test_no_soup_of_tokens_makes_it_fail(language: str) -> None:
    """Half-valid code reaches further into the interpreter than random bytes do."""

    @settings(max_examples=5_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(_WORDS[language]), max_size=60).map(" ".join))
    def check(text: str) -> None:
        _examine(text, language)

    check()


@pytest.mark.parametrize("language", sorted(_WORDS))
def test_no_text_makes_it_fail(language: str) -> None:
    """Files hold anything: control characters, lone surrogates, other languages."""

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=300))
    def check(text: str) -> None:
        _examine(text, language)

    check()


_HOSTILE = {
    "parentheses nested 5,000 deep": ("python", "x = " + "(" * 5_000 + "1" + ")" * 5_000 + "\n"),
    "calls nested 2,000 deep": ("python", "x = " + "f(" * 2_000 + ")" * 2_000 + "\n"),
    "blocks nested 80 deep": ("python", "".join("    " * n + "if x:\n" for n in range(80)) + "    " * 80 + "pass\n"),
    "a sum of 20,000 terms": ("python", "x = " + " + ".join(["a"] * 20_000) + "\n"),
    "a chain of 3,000 attributes": ("python", "x = a" + ".b()" * 3_000 + "\n"),
    "3,000 elifs": (
        "python",
        "if a == 0:\n    b = 0\n" + "".join(f"elif a == {n}:\n    b = {n}\n" for n in range(3_000)),
    ),
    "a list of 50,000 numbers": ("python", "x = [" + ",".join(map(str, range(50_000))) + "]\n"),
    "a string of a megabyte": ("python", f"x = '{'a' * 1_000_000}'\ny = x * 1000000000\n"),
    "numbers without end": ("python", "x = 9 ** 9 ** 9 ** 9\ny = 1 << 1000000000\nz = 'a' * 10**10\n"),
    "functions that call each other": (
        "python",
        "".join(f"def f{n}(a):\n    return f{(n * 7 + 1) % 600}(a) + f{(n * 11 + 3) % 600}(a)\n" for n in range(600)),
    ),
    "loops in loops": (
        "python",
        "".join("    " * n + f"for i{n} in x{n}:\n" for n in range(18)) + "    " * 18 + "y = y + i0\n",
    ),
    "else-ifs in JavaScript": ("javascript", "if (a) {}" + " else if (a) {}" * 3_000),
    "brackets in JavaScript": ("javascript", "[" * 4_000 + "]" * 4_000),
    "arrows in arrows": ("javascript", "x = " + "a => " * 1_500 + "a"),
    "blocks in Go": ("go", "package main\nfunc main() {" + "{" * 2_000 + "}" * 2_000 + "}"),
    "a long concatenation in Java": ("java", 'class A { String s = "a"' + ' + "b"' * 8_000 + "; }"),
    "lambdas in Java": ("java", "class A { Object o = " + "() -> " * 800 + "1; }"),
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_files_end_in_time(name: str) -> None:
    """A file made to exhaust the analyser costs a bounded amount of work."""
    language, text = _HOSTILE[name]
    begin = time.process_time()
    _examine(text, language)
    assert time.process_time() - begin < 20


def test_a_string_that_is_doubled_again_and_again_takes_no_memory() -> None:
    """Ten letters and thirty lines would be ten gigabytes."""
    tracemalloc.start()
    _examine("x = 'aaaaaaaaaa'\n" + "x = x + x\n" * 22 + "x += f'{x}{x}'\n" * 4, "python")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_findings_for_which_there_is_no_room_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that was cut must not look like the whole."""
    monkeypatch.setattr(reporting, "MAX_FINDINGS", 3)
    text = "import os\n" + "os.system(input())\n" * 5
    report = DataflowAnalyser().examine([SourceFile(path="a.py", text=text, language="python")])
    assert len(report.findings) == 3
    assert [problem.reason for problem in report.problems] == ["too large"]


@pytest.mark.parametrize(("language", "piece"), [("java", ";("), ("javascript", "await+")])
def test_what_takes_too_much_memory_to_parse_is_said(language: str, piece: str) -> None:
    """Such a file is a gap; the process that reviews the other files lives on."""
    file = SourceFile(path=f"a.{_SUFFIX[language]}", text=piece * 20_000, language=language)
    report = DataflowAnalyser().examine([file])
    assert report.examined == frozenset()
    assert "memory" in report.problems[0].message


def test_recursive_imports_end() -> None:
    """Modules that import each other are run once each."""
    first = SourceFile(path="p/a.py", text="from p.b import g\ndef f(x):\n    return g(x)\n", language="python")
    second = SourceFile(
        path="p/b.py", text="from p.a import f\nimport p.b\ndef g(x):\n    return f(x)\n", language="python"
    )
    report = DataflowAnalyser().examine([first, second])
    assert report.examined == {"p/a.py", "p/b.py"}


def test_a_syntax_error_is_a_problem_and_the_rest_is_examined() -> None:
    """What could not be parsed is in the coverage; what could be parsed is still looked at."""
    text = "def broken(:\n    pass\n\nimport os\nos.system('ls ' + input())\n"
    report = DataflowAnalyser().examine([SourceFile(path="a.py", text=text, language="python")])
    assert [problem.reason for problem in report.problems] == ["syntax error"]
    assert "command-injection" in {finding.native_rule for finding in report.findings}
