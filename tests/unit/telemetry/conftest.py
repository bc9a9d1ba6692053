"""An API in memory whose telemetry a test can hold."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.api_app import Api


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Makes one with the given settings."""
    made: list[Api] = []

    def make(**config: object) -> Api:
        made.append(Api(tmp_path, **config))
        return made[-1]

    yield make
    for api in made:
        api.close()
