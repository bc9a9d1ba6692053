"""The compose file, run for real. Slow: it builds images. `make compose-test` asks for it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.compose import PROJECT, Compose

UP = Path(__file__).with_name("up.sh")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-compose", action="store_true", help="build the images and bring docker-compose.yml up")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-compose", default=False):
        return
    for item in items:
        if item.path.parent == UP.parent:
            item.add_marker(pytest.mark.skip(reason="SLOW: `make compose-test` runs docker-compose.yml for real"))


@pytest.fixture(scope="session")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("NOT RUN: the compose stage needs root on Debian (podman, debootstrap)")
    # Kept between runs where the caller names a directory: the base images take a minute to make.
    work = Path(os.environ.get("CODEREVIEW_COMPOSE_DIR") or tmp_path_factory.mktemp("compose"))
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = subprocess.run([UP, work, "env"], env=env, capture_output=True, text=True, check=True).stdout
    stack = Compose(env | dict(line.split("=", 1) for line in said.split()))
    up = subprocess.run([UP, work, PROJECT], env=env, capture_output=True, text=True, check=False)
    if up.returncode == 77:
        pytest.skip(f"NOT RUN: {up.stderr.strip()}")
    try:
        assert up.returncode == 0, up.stderr[-4000:]
        yield stack
    finally:
        stack.podman("rm", "--force", "--all", "--time", "5", check=False)
        stack.podman("volume", "rm", "--all", "--force", check=False)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], str], None]:
    """Wait up to a minute for something to become true."""

    def wait(happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, f"after a minute still not: {what}"
            time.sleep(0.5)

    return wait
