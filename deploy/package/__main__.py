"""The command line: ``python -m deploy.package [lock | build | measure]``."""

import argparse
import sys
from pathlib import Path

from deploy.package.build import ROOT, build, functions
from deploy.package.closure import Unwanted
from deploy.package.measuring import cold_import_ms
from deploy.package.targets import MACHINES, Target, here
from deploy.package.wheels import LOCK, UnknownModule, lock


def main(arguments: list[str]) -> int:
    """Do what is asked; 0, or 2 when it cannot be done."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "lock":
            LOCK.write_text(lock(), encoding="utf-8")
            print(f"wrote {LOCK.relative_to(ROOT)}")
        else:
            target = here() if asked.command == "measure" else Target(asked.architecture, asked.python)
            names = asked.functions or functions()
            _build(names, target, asked.output, python=asked.compiler, measure=asked.command == "measure")
    except (Unwanted, UnknownModule, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _build(names: list[str], target: Target, output: Path, *, python: str | None, measure: bool) -> None:
    output = output / target.name
    print(f"{'function':<24} {'zip':>10} {'unpacked':>12}{'   cold import' if measure else ''}   ({target.name})")
    packages = build(names, target, output, python=python)
    for package in packages:
        cold = f"   {cold_import_ms(package.function, package.path):>8.0f} ms" if measure else ""
        print(f"{package.function:<24} {package.size:>10,} {package.unpacked:>12,}{cold}")
    print(f"in {output}")
    if not all(package.compiled for package in packages):
        print(
            f"warning: no Python {target.python} here to compile with; cold starts take about twice as long",
            file=sys.stderr,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.package", description="Make the Lambda packages.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lock", help="resolve what packages may contain anew, into requirements.lock")
    texts = {"build": "make the zips", "measure": "make them for this machine, and time their imports"}
    for name, text in texts.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("functions", nargs="*", metavar="FUNCTION", help="by default all of lambdas/")
        command.add_argument("--architecture", choices=MACHINES, default=Target().architecture)
        command.add_argument("--python", default=Target().python, metavar="VERSION")
        command.add_argument("--compiler", metavar="PATH", help="a Python of that version, to compile the modules with")
        command.add_argument("--output", type=Path, default=ROOT / "build" / "lambda")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
