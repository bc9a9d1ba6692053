"""Who makes and checks tickets, with the key that the API's servers have too."""

from functools import lru_cache

from codereview.errors import ConfigurationError
from codereview.web.tickets import TicketOffice
from lambdas._settings import SECRET_KEY, secret, settings


def tickets() -> TicketOffice:
    """The same one until the key is rotated. Raises ConfigurationError, BackendUnavailable."""
    key = secret(SECRET_KEY) or settings().secret_key.get_secret_value()
    if not key:
        raise ConfigurationError(f"there is no parameter {settings().secrets_path}{SECRET_KEY} to sign tickets with")
    return _office(key)


@lru_cache(maxsize=1)
def _office(key: str) -> TicketOffice:
    return TicketOffice(key, settings().ticket_ttl_s)
