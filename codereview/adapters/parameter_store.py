"""Secrets in SSM Parameter Store: SecureString parameters below one path, kept for a while, read again after."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError

from codereview.adapters.aws import AwsClients, error_code, explained
from codereview.errors import BackendUnavailable, ConfigurationError

log = logging.getLogger(__name__)

#: Seconds after which a rotated secret is noticed.
_FRESH_S = 300.0


class ParameterStore:
    """The parameters ``{path}{name}``. Safe to share between threads; values are never logged."""

    def __init__(
        self,
        clients: AwsClients,
        path: str,
        *,
        fresh_s: float = _FRESH_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._path = path if path.endswith("/") else f"{path}/"
        self._fresh_s = fresh_s
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], tuple[float, Mapping[str, str]]] = {}

    def read(self, *names: str) -> Mapping[str, str]:
        """The values by name. While the store cannot be reached, those read before hold.

        Raises ConfigurationError for one that is not there or may not be read, BackendUnavailable.
        """
        with self._lock:
            read_at, values = self._known.get(names, (float("-inf"), {}))
            if self._now() - read_at < self._fresh_s:
                return values
            try:
                values = self._fetch(names)
            except BackendUnavailable:
                if not values:
                    raise
                log.warning("secrets_not_refreshed", extra={"path": self._path})
            self._known[names] = (self._now(), values)
            return values

    def _fetch(self, names: tuple[str, ...]) -> dict[str, str]:
        return {name: self._fetch_one(self._path + name) for name in names}

    def _fetch_one(self, name: str) -> str:
        """One at a time: a policy can name what GetParameter reads, and nobody reads many."""
        with explained(f"parameter {name}"):
            try:
                answer = self._clients.other("ssm").get_parameter(Name=name, WithDecryption=True)
            except ClientError as error:
                if error_code(error) == "ParameterNotFound":
                    raise ConfigurationError(f"there is no parameter {name}") from error
                raise
        return str(answer["Parameter"]["Value"])
