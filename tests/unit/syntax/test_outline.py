"""The outline: which function or class encloses a line."""

from textwrap import dedent
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereview.domain.sources import SourceFile
from codereview.syntax.languages import language_of
from codereview.syntax.outline import MAX_NESTING, Declaration, Outline, outline_of
from codereview.syntax.parsing import MAX_BYTES


def outline(path: str, text: str) -> Outline:
    return outline_of(SourceFile(path=path, text=text, language=language_of(path, text)))


def symbols(path: str, text: str) -> list[str]:
    return [f"{d.kind} {d.symbol} {d.start_line}-{d.end_line}" for d in outline(path, dedent(text)).declarations]


def test_python_functions_methods_and_classes() -> None:
    assert symbols(
        "a.py",
        """\
        import os

        def top(x):
            def inner():
                return x
            return inner

        class Service:
            @property
            @cache
            def run(self):
                class Local:
                    pass

            async def stop(self):
                pass
        """,
    ) == [
        "function top 3-6",
        "function top.inner 4-5",
        "class Service 8-16",
        "method Service.run 9-13",
        "class Service.run.Local 12-13",
        "method Service.stop 15-16",
    ]


def test_javascript_gives_functions_the_name_they_are_assigned_to() -> None:
    assert symbols(
        "a.js",
        """\
        function top() {}
        const arrow = () => 1
        module.exports.handler = async function () {
        }
        const table = { get: function () {}, post() {}, put: () => {} }
        class Service {
          #secret = () => 1
          async run() {
            const inner = memo(() => 2)
          }
        }
        export default function () {}
        Service.prototype.stop = function* () {}
        routes[index] = () => 3
        describe("x", () => { it("y", () => {}) })
        """,
    ) == [
        "function top 1-1",
        "function arrow 2-2",
        "function handler 3-4",
        "function get 5-5",
        "method post 5-5",
        "function put 5-5",
        "class Service 6-11",
        "method Service.#secret 7-7",
        "method Service.run 8-10",
        "function Service.run.inner 9-9",
        "function default 12-12",
        "function Service.prototype.stop 13-13",
    ]


def test_typescript_types_namespaces_and_decorators() -> None:
    assert symbols(
        "a.ts",
        """\
        interface Options { go(): void }
        type Id = string
        enum Colour { Red }
        namespace N { export function f() {} }
        abstract class Base { abstract run(): void }
        @Injectable()
        export class Service {
          private go = () => 1
          @Get('/x')
          @Guard()
          find<T>(): T {
          }
        }
        """,
    ) == [
        "interface Options 1-1",
        "method Options.go 1-1",
        "type Id 2-2",
        "enum Colour 3-3",
        "namespace N 4-4",
        "function N.f 4-4",
        "class Base 5-5",
        "method Base.run 5-5",
        "class Service 6-13",
        "method Service.go 8-8",
        "method Service.find 9-12",
    ]


def test_tsx_is_read_with_its_own_grammar() -> None:
    text = "export const App = (): Element => {\n  return <b>{1}</b>\n}\n"
    assert not outline("App.tsx", text).has_errors
    assert symbols("App.tsx", text) == ["function App 1-3"]


def test_go_methods_carry_their_receiver() -> None:
    assert symbols(
        "a.go",
        """\
        package a

        type Service struct{}
        type (
            Id = string
            Runner interface{ Run() }
        )

        func (s *Service) Run() {
        }
        func (Stack[T]) Pop() {}
        func top() {}
        """,
    ) == [
        "type Service 3-3",
        "type Id 5-5",
        "type Runner 6-6",
        "method Service.Run 9-10",
        "method Stack.Pop 11-11",
        "function top 12-12",
    ]


def test_java_classes_records_enums_and_their_members() -> None:
    assert symbols(
        "A.java",
        """\
        public class A {
            @Override
            public void run() {
                new Thread(new Runnable() { public void run() {} });
            }
            A() {}
            enum Colour { RED; void paint() {} }
            record Point(int x) { Point {} }
            interface Go { void go(); }
        }
        """,
    ) == [
        "class A 1-10",
        "method A.run 2-5",
        "method A.run.run 4-4",
        "method A.A 6-6",
        "enum A.Colour 7-7",
        "method A.Colour.paint 7-7",
        "class A.Point 8-8",
        "method A.Point.Point 8-8",
        "interface A.Go 9-9",
        "method A.Go.go 9-9",
    ]


def test_the_symbol_of_a_line_is_the_innermost_declaration_around_it() -> None:
    text = "x = 1\nclass Service:\n    a = 1\n    @cache\n    def run(self):\n        return 1\n\n    b = 2\ny = 2\n"
    found = outline("a.py", text)
    assert [found.symbol_at(line) for line in range(-1, 12)] == [
        *["", "", ""],
        *["Service", "Service", "Service.run", "Service.run", "Service.run", "Service", "Service"],
        *["", "", ""],
    ]


def test_the_declaration_of_a_line_is_given_whole() -> None:
    found = outline("a.py", "class A:\n    def b(self):\n        pass\n")
    assert found.declaration_at(3) == Declaration("method", "b", "A.b", 2, 3, nesting=1)
    assert found.declaration_at(4) is None


def test_code_around_a_syntax_error_keeps_its_outline() -> None:
    found = outline("a.py", "def before():\n    pass\n\nx = = 1\n\ndef after():\n    pass\n")
    assert found.has_errors
    assert [found.symbol_at(line) for line in (2, 7)] == ["before", "after"]


def test_lines_end_at_line_feeds_whatever_else_the_text_holds() -> None:
    """Form feeds, lone carriage returns and Unicode separators end no line here, nor in any other line number."""
    text = "x = '\x0c\u2028\x85'\r\ndef f():\r\n    pass\r\n"
    assert outline("a.py", text).symbol_at(3) == "f"


def test_a_language_without_a_grammar_has_an_empty_outline() -> None:
    found = outline("a.yml", "a: 1\n")
    assert (found.declarations, found.parsed, found.has_errors, found.symbol_at(1)) == ((), False, False, "")


def test_a_file_too_large_to_parse_has_an_empty_outline() -> None:
    found = outline("a.py", "#" * (MAX_BYTES + 1))
    assert (found.declarations, found.parsed) == ((), False)


@settings(max_examples=200)
@given(
    st.sampled_from(["a.py", "a.js", "a.ts", "a.tsx", "a.go", "A.java", "a.rb", ""]),
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                [
                    "def f(",
                    "class A",
                    ":",
                    "\n",
                    "    ",
                    "{",
                    "}",
                    "(",
                    ")",
                    "=>",
                    "func",
                    "@x",
                    "function ",
                    "\ud800",
                    "\0",
                    "=",
                    '"',
                    "é",
                ]
            )
        ).map("".join),
    ),
)
def test_no_text_makes_the_outline_raise_or_lie(path: str, text: str) -> None:
    """Symbols enter fingerprints: they must exist for any text, and lines must lie inside it."""
    found = outline(path, text)
    total = text.count("\n") + 1
    for declaration in found.declarations:
        assert 1 <= declaration.start_line <= declaration.end_line <= total
        assert "\n" not in declaration.symbol
        assert 0 <= declaration.nesting < MAX_NESTING
    assert isinstance(found.symbol_at(total), str)


def test_nesting_beyond_the_limit_is_counted_to_the_ancestor() -> None:
    text = "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(200)) + " " * 200 + "pass\n"
    found = outline("a.py", text)
    assert len(found.declarations) == MAX_NESTING
    assert found.symbol_at(201) == ".".join(f"f{depth}" for depth in range(MAX_NESTING))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "(" * 1_000_000),
        ("a.py", "def f(x):\n    return x+1\n" * 30_000),
        ("a.js", "class A { m(){return 1}\n f = () => 2}\n" * 10_000),
        ("a.go", "class A { m(){return 1}\n f = () => 2}\n" * 10_000),
    ],
    ids=["deep", "long", "many", "broken"],
)
def test_a_large_file_is_outlined_in_a_few_seconds(path: str, text: str) -> None:
    """Both deep and wide trees have made tree walks quadratic."""
    started = process_time()
    outline(path, text).symbol_at(1)
    assert process_time() - started < 15


def test_an_outline_is_computed_once_for_a_text() -> None:
    text = "def remembered():\n    pass\n"
    assert outline("a.py", text) is outline("b.py", text)
    assert outline("a.js", text) is not outline("a.py", text)
