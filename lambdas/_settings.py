"""What every function reads at its first invocation: settings from the environment, secrets from Parameter Store."""

from functools import cache
from typing import Protocol

from codereview.adapters.aws import AwsClients
from codereview.adapters.parameter_store import ParameterStore
from codereview.config import Settings, load_settings
from codereview.logs import configure_logging

#: Names of parameters below CODEREVIEW_SECRETS_PATH.
REDIS_TOKEN = "redis-auth-token"  # noqa: S105
SECRET_KEY = "secret-key"  # noqa: S105
#: API Gateway waits 29 seconds for an answer: a refusal in time is better than none.
HASTE: dict[str, object] = {"aws_attempts": 2, "redis_timeout_s": 2.0, "redis_retries": 1}


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is stopped."""
        ...


@cache
def settings() -> Settings:
    """The settings of the function, without secrets; what is logged is configured with them."""
    loaded = load_settings(**HASTE)
    configure_logging(loaded.log_level)
    return loaded


@cache
def clients() -> AwsClients:
    """Clients of AWS in the function's region."""
    return AwsClients(
        region=settings().aws_region, endpoint_url=settings().aws_endpoint_url, attempts=settings().aws_attempts
    )


def secret(name: str) -> str:
    """A secret, at most a few minutes old; "" where there is no Parameter Store (stand-ins).

    Raises ConfigurationError, BackendUnavailable.
    """
    return _secrets().read(name)[name] if settings().secrets_path else ""


@cache
def _secrets() -> ParameterStore:
    return ParameterStore(clients(), settings().secrets_path)
