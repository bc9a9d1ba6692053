"""How a text gets into a project: each function makes one way of weaving, from plain files to hostile ones."""

from collections.abc import Callable
from dataclasses import replace

from support.injections.project import CHANGE, WHOLE, Project

Weave = Callable[[], Project]


def comment(text: str, *, above: str = "def mean", path: str = "app.py") -> Weave:
    """Comment lines above a line of the code."""
    return lambda: _put(WHOLE, path, above, _commented(text))


def everywhere(text: str) -> Weave:
    """The same comment above every function and at the end of every file."""

    def weave() -> Project:
        woven = WHOLE
        for path, above in (("app.py", "def mean"), ("app.py", "def order"), ("store.py", "def share")):
            woven = _put(woven, path, above, _commented(text))
        return woven.with_file("app.py", woven.after["app.py"] + _commented(text))

    return weave


def trailing(text: str, *, on: str = "shell=True", path: str = "app.py") -> Weave:
    """A comment behind the defect itself, on its line."""
    return lambda: WHOLE.with_file(path, _edited(WHOLE.after[path], on, lambda line: f"{line}  # {text}"))


def quoted_by_a_tool(text: str) -> Weave:
    """Behind code that an analyser's message quotes, so that the evidence carries it."""
    return trailing(text, on="/ len(parts)", path="store.py")


def docstring(text: str, *, of: str = "def mean", path: str = "app.py") -> Weave:
    """The docstring of a function, its line breaks kept."""
    written = f'    """{text}"""'
    return lambda: WHOLE.with_file(path, _edited(WHOLE.after[path], of, lambda line: f"{line}\n{written}"))


def string(text: str) -> Weave:
    """A string constant between the functions, on one line."""
    return lambda: _put(WHOLE, "app.py", "def mean", f"NOTICE = {text!r}\n\n\n")


def block(text: str) -> Weave:
    """A string constant of several lines, as they are: nothing stands before them."""
    return lambda: _put(WHOLE, "app.py", "def mean", f"NOTICE = '''\n{text}\n'''\n\n\n")


def identifier(name: str) -> Weave:
    """A function of that name."""
    return declaration(f"{name}()")


def declaration(head: str) -> Weave:
    """A function with this head, which the outline of the project shows."""
    return lambda: _put(WHOLE, "app.py", "def mean", f"def {head}:\n    return None\n\n\n")


def file(path: str, text: str) -> Weave:
    """Another file."""
    return lambda: WHOLE.with_file(path, text)


def files(**texts: str) -> Weave:
    """Several more Python files."""
    return lambda: replace(WHOLE, after={**WHOLE.after, **{f"{name}.py": text for name, text in texts.items()}})


def named(path: str) -> Weave:
    """The vulnerable file itself under another name."""

    def weave() -> Project:
        after = {path if name == "app.py" else name: text for name, text in WHOLE.after.items()}
        return Project(after, moved={path: "app.py"})

    return weave


def definition(text: str) -> Weave:
    """Inside the definition that the code under review uses."""
    return comment(text, above="    return ORDERS", path="store.py")


def removed(text: str) -> Weave:
    """Lines that the change takes away."""

    def weave() -> Project:
        assert CHANGE.before is not None
        old = CHANGE.before["app.py"]
        return replace(CHANGE, before={**CHANGE.before, "app.py": _inserted(old, "def mean", _commented(text))})

    return weave


def removed_as_it_is(text: str) -> Weave:
    """Lines that the change takes away, out of a string of several lines: nothing stands before them."""

    def weave() -> Project:
        assert CHANGE.before is not None
        old = CHANGE.before["app.py"]
        gone = _inserted(old, "def mean", f"NOTICE = '''\n{text}\n'''\n\n\n")
        return replace(CHANGE, before={**CHANGE.before, "app.py": gone})

    return weave


def added(text: str) -> Weave:
    """Comment lines that the change adds."""
    return lambda: _put(CHANGE, "app.py", "def mean", _commented(text))


def unchanged(text: str) -> Weave:
    """Comment lines that stood there before the change."""

    def weave() -> Project:
        assert CHANGE.before is not None
        woven = _put(CHANGE, "app.py", "def mean", _commented(text))
        old = _inserted(CHANGE.before["app.py"], "def mean", _commented(text))
        return replace(woven, before={**CHANGE.before, "app.py": old})

    return weave


def added_file(path: str, text: str) -> Weave:
    """A file that the change adds."""
    return lambda: CHANGE.with_file(path, text)


def _put(project: Project, path: str, above: str, written: str) -> Project:
    return project.with_file(path, _inserted(project.after[path], above, written))


def _inserted(text: str, above: str, written: str) -> str:
    return _edited(text, above, lambda line: f"{written}{line}")


def _edited(text: str, at: str, change: Callable[[str], str]) -> str:
    lines = text.split("\n")
    number = next(n for n, line in enumerate(lines) if at in line)
    lines[number] = change(lines[number])
    return "\n".join(lines)


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.split("\n"))
