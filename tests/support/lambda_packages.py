"""Packages of the functions, made for the machine and the Python that the tests run on."""

from functools import cache
from pathlib import Path

from deploy.package.build import ROOT, Package, build
from deploy.package.targets import here


@cache
def package(function: str) -> Package:
    """One function's zip, made once for the whole session."""
    (made,) = build([function], here(), ROOT / "build" / "lambda" / "tests", level=1)
    return made


def zip_of(function: str) -> bytes:
    """Its bytes."""
    return Path(package(function).path).read_bytes()
