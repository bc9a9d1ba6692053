"""What a function stands on: built at its first invocation, kept while the instance lives."""

from functools import cache

from codereview.adapters.aws import AwsClients
from codereview.bootstrap import Service, build
from codereview.config import load_settings
from codereview.logs import configure_logging


@cache
def product() -> Service:
    """The service as it submits and reads; it carries no agents. Raises ConfigurationError."""
    settings = load_settings()
    configure_logging(settings.log_level)
    return build(settings)


@cache
def clients() -> AwsClients:
    """Clients of AWS in the function's region."""
    settings = load_settings()
    return AwsClients(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
