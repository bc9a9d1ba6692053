"""Fixtures over the durable stores, for a test module that says ``pytest_plugins = ("support.store_fixtures",)``."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.common_types import TYPE_RESPONSE
from support.clock import FixedClock
from support.durable_stores import REGION, Aws, Backend, dynamodb, furnish, give_credentials, memory, sqlite
from support.ministack import INSTALL, Ministack, installed

from codereview.adapters.aws import AwsClients


@pytest.fixture
def store_clock() -> FixedClock:
    """The time by which stores expire things."""
    return FixedClock()


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The address of a running ministack."""
    if not installed():
        if os.environ.get("CODEREVIEW_REQUIRE_MINISTACK"):
            pytest.fail(f"ministack is required here and not installed: {INSTALL}")
        pytest.skip(f"NOT TESTED against a local AWS, ministack is not installed: {INSTALL}")
    with Ministack() as running:
        yield running.url


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS inside this process (moto), which by itself lets two writes of one item take turns line by line."""
    give_credentials(monkeypatch)
    answer, one_by_one = BotocoreStubber.process_request, threading.RLock()

    def process_request(stub: BotocoreStubber, request: AWSPreparedRequest) -> TYPE_RESPONSE | None:
        with one_by_one:
            return answer(stub, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", process_request)
    with mock_aws():
        yield furnish(AwsClients(region=REGION))


@pytest.fixture
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, store_clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    """One durable backend, empty. Tests take it parametrised by `BACKENDS`."""
    if request.param == "memory":
        return memory(store_clock)
    if request.param == "sqlite":
        return sqlite(tmp_path / "reviews.sqlite3", store_clock)
    if request.param == "moto":
        return dynamodb(request.getfixturevalue("aws"), store_clock)
    endpoint = request.getfixturevalue("ministack")
    give_credentials(monkeypatch)
    return dynamodb(furnish(AwsClients(region=REGION, endpoint_url=endpoint)), store_clock, endpoint)
