"""Which modules a function needs: everything its imports lead to, read from the sources without running them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Packages of this project; all others come as wheels, from the runtime, or from the standard library.
OWN = ("codereview", "lambdas")
#: What never belongs into a Lambda package: the work itself, which the workers do, and what serves one machine only.
NEVER = (
    "codereview.adapters.embedded",
    "codereview.adapters.local_dispatcher",
    "codereview.adapters.memory",
    "codereview.adapters.prometheus",
    "codereview.adapters.sqlite",
    "codereview.agents",
    "codereview.analysers",
    "codereview.application.model",
    "codereview.application.reviewing",
    "codereview.bootstrap_agents",
    "codereview.bootstrap_model",
    "codereview.cli",
    "codereview.syntax.guessing",
    "codereview.syntax.outline",
    "codereview.syntax.parsing",
    "anthropic",
    "tree_sitter",
)
#: A text that begins with the name of a module of ours, as far as it goes.
_NAMED = re.compile(rf"((?:{'|'.join(OWN)})(?:\.\w+)+)(?=[:+]|$)")


class Unwanted(Exception):
    """A function would need something that never belongs into a Lambda package."""


@dataclass(frozen=True, slots=True)
class Closure:
    """What a function consists of: files of this project, by their place in the package, and foreign modules."""

    files: dict[str, Path]
    foreign: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Import:
    module: str
    #: Within a function: wanted only when that is called.
    lazy: bool


def closure(function: str, root: Path) -> Closure:
    """What ``lambdas.{function}`` needs. Raises Unwanted, with the way that leads there."""
    found: dict[str, Path] = {}
    foreign: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(part, ()) for part in _with_parents(f"lambdas.{function}")]
    while waiting:
        name, way = waiting.pop()
        path = _source(name, root)
        if name in found or path is None:
            continue
        found[name] = path
        for wanted in _imports(name, path):
            if _is_in(wanted.module, NEVER):
                if not wanted.lazy:
                    raise Unwanted(" → ".join((*way, name, wanted.module)))
            elif _is_in(wanted.module, OWN):
                waiting += [(part, (*way, name)) for part in _with_parents(wanted.module)]
            else:
                foreign.add(wanted.module.partition(".")[0])
    return Closure(dict(_files(found, root)), frozenset(foreign))


def _imports(name: str, path: Path) -> Iterator[_Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    yield from _imports_of(tree.body, package, lazy=False)
    for node in ast.walk(tree):
        # Some packages, Celery among them, are told of a module by its name.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (named := _NAMED.match(node.value)):
            yield _Import(named[1], lazy=True)


def _imports_of(body: list[ast.stmt], package: str, *, lazy: bool) -> Iterator[_Import]:
    for statement in body:
        match statement:
            case ast.Import(names=names):
                yield from (_Import(alias.name, lazy) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _absolute(module or "", package, level)
                # What is imported from a package may be a module itself.
                yield from (_Import(f"{base}.{alias.name}" if base else alias.name, lazy) for alias in names)
                yield _Import(base, lazy)
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                yield from _imports_of(orelse, package, lazy=lazy)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _imports_of(statement.body, package, lazy=True)
            case _:
                for inner in _blocks(statement):
                    yield from _imports_of(inner, package, lazy=lazy)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement."""
    for field in ("body", "orelse", "finalbody"):
        yield getattr(statement, field, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body
    for case in getattr(statement, "cases", []):
        yield case.body


def _absolute(module: str, package: str, level: int) -> str:
    if not level:
        return module
    base = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*base, module]) if module else ".".join(base)


def _source(name: str, root: Path) -> Path | None:
    """The file of a module, None when there is no such module (a name that is imported from one)."""
    path = root.joinpath(*name.split("."))
    package, module = path / "__init__.py", path.with_suffix(".py")
    return package if package.exists() else module if module.exists() else None


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def _files(modules: dict[str, Path], root: Path) -> Iterator[tuple[str, Path]]:
    """The sources, and what lies as data beside a package's: in it, or in a folder of data below it."""
    for path in modules.values():
        yield path.relative_to(root).as_posix(), path
        if path.name == "__init__.py" and path.parent != root:
            for data in _data(path.parent):
                yield data.relative_to(root).as_posix(), data


def _data(package: Path) -> Iterator[Path]:
    for path in sorted(package.iterdir()):
        if path.is_file() and path.suffix != ".py" and path.name != "py.typed":
            yield path
        elif path.is_dir() and {each.name for each in path.glob("*.py")} == {"__init__.py"}:
            yield path / "__init__.py"
            yield from _data(path)


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith((f"{package}.", f"{package}_")) for package in packages)
