"""What a worker process works with: built once per process, after the fork, never shared across it."""

import os
from functools import cache

from billiard.exceptions import SoftTimeLimitExceeded

from codereview.bootstrap import Service, build
from codereview.config import load_settings


def runtime() -> Service:
    """This process's service, with agents."""
    return _runtime_of(os.getpid())


@cache
def _runtime_of(pid: int) -> Service:  # noqa: ARG001  a forked child must not use its parent's connections
    return build(load_settings(), agents=True, interruptions=(SoftTimeLimitExceeded,))
