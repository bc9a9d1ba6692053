"""Applications and servers for the tests of the API."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api_app import Api


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Make an application with this configuration."""
    made: list[Api] = []

    def make(**arguments: Any) -> Api:
        made.append(Api(tmp_path, **arguments))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """An application as it is embedded: no keys."""
    return make_api()
