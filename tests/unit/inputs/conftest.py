"""Git repositories for the tests of the ways in."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.trees import Repository


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str], Repository]:
    def make(name: str = "repo") -> Repository:
        root = tmp_path / name
        root.mkdir()
        repository = Repository(root)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    return make


@pytest.fixture
def repository(make_repository: Callable[[str], Repository]) -> Repository:
    return make_repository("repo")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of the person who runs the tests reaches git, nor a hook's variables."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("HOME", "/nonexistent")
