"""Running the server-side scripts: one round trip each, by digest."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from codereview.adapters.redis.client import translated_errors

_PACKAGE = "codereview.adapters.redis.lua"
Argument = str | bytes | int | float


class Source(NamedTuple):
    """The text of a script and its SHA-1, by which Redis knows it."""

    text: str
    digest: str


@cache
def source(name: str) -> Source:
    """The script ``lua/{name}.lua``, the common prelude before it."""
    folder = resources.files(_PACKAGE)
    text = "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in ("prelude", name))
    return Source(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class Scripts:
    """The scripts on one server. Safe to share between threads."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def run(self, name: str, keys: Sequence[str], *args: Argument) -> Any:
        """What the script returns: bytes, int, None, or lists of them. Raises BackendUnavailable."""
        with translated_errors():
            try:
                return self._send(source(name), keys, args)
            except ResponseError as error:
                if "-READONLY " in str(error):
                    # This was the primary before a failover: the name leads to another server by now.
                    self._client.connection_pool.disconnect()
                raise

    def _send(self, script: Source, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        try:
            return self._client.evalsha(script.digest, len(keys), *keys, *args)
        except NoScriptError:  # a server that has not seen it, or was restarted
            return self._client.eval(script.text, len(keys), *keys, *args)
