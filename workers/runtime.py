"""What a worker process works with: built once per process, after the fork, never shared across it."""

import os

from billiard.exceptions import SoftTimeLimitExceeded

from codereview.bootstrap import Service, build
from codereview.config import load_settings

_services: dict[int, Service] = {}


def runtime() -> Service:
    """This process's service, with agents."""
    service = built()
    if service is None:
        service = build(load_settings(), agents=True, interruptions=(SoftTimeLimitExceeded,))
        # By process: a forked child must not use its parent's connections.
        _services[os.getpid()] = service
    return service


def built() -> Service | None:
    """The same, if it was needed yet."""
    return _services.get(os.getpid())
