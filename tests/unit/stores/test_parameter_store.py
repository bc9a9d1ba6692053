"""Secrets from SSM Parameter Store."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber

from codereview.adapters.aws import AwsClients
from codereview.adapters.parameter_store import ParameterStore
from codereview.errors import BackendUnavailable, ConfigurationError


class Clock:
    """Seconds that pass when told."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("ssm", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(AwsClients, "other", lambda self, service: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


ASKED = {"Name": "/codereview/prod/redis-auth-token", "WithDecryption": True}


def _found(value: str) -> dict[str, object]:
    parameter = {"Name": "/codereview/prod/redis-auth-token", "Value": value, "Type": "SecureString"}
    return {"Parameter": parameter}


def _store(clock: Clock, path: str = "/codereview/prod/") -> ParameterStore:
    return ParameterStore(AwsClients(region="us-east-1"), path, now=clock)


@pytest.mark.parametrize("path", ["/codereview/prod/", "/codereview/prod"])
def test_a_secret_is_read_decrypted_and_kept_for_a_while(ssm: Stubber, path: str) -> None:
    """Not at every invocation; and a rotated one is noticed."""
    clock = Clock()
    store = _store(clock, path)
    ssm.add_response("get_parameter", _found("first"), ASKED)
    assert [store.read("redis-auth-token")["redis-auth-token"] for _ in range(3)] == ["first"] * 3
    clock.seconds = 301
    ssm.add_response("get_parameter", _found("second"), ASKED)
    assert store.read("redis-auth-token") == {"redis-auth-token": "second"}


def test_while_the_store_is_away_what_was_read_holds(ssm: Stubber, caplog: pytest.LogCaptureFixture) -> None:
    """A function that works goes on working; the log says so, without the value."""
    clock = Clock()
    store = _store(clock)
    ssm.add_response("get_parameter", _found("hunter22"), ASKED)
    store.read("redis-auth-token")
    clock.seconds = 301
    ssm.add_client_error("get_parameter", "ThrottlingException", http_status_code=400)
    assert store.read("redis-auth-token")["redis-auth-token"] == "hunter22"
    assert [record.message for record in caplog.records] == ["secrets_not_refreshed"]
    assert "hunter22" not in caplog.text


def test_a_secret_that_cannot_be_had_is_an_error_by_whether_it_may_pass(ssm: Stubber) -> None:
    """Missing and forbidden ones are mistakes of the deployment."""
    store = _store(Clock())
    ssm.add_client_error("get_parameter", "ThrottlingException", http_status_code=400)
    with pytest.raises(BackendUnavailable):
        store.read("redis-auth-token")
    ssm.add_client_error("get_parameter", "AccessDeniedException", http_status_code=400)
    with pytest.raises(ConfigurationError, match="AccessDenied"):
        store.read("redis-auth-token")
    ssm.add_client_error("get_parameter", "ParameterNotFound", http_status_code=400)
    with pytest.raises(ConfigurationError, match="there is no parameter /codereview/prod/redis-auth-token"):
        store.read("redis-auth-token")
