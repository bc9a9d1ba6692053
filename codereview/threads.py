"""Threads that work in the context of whoever hands them work: its log fields, its span."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ContextThreadPool(ThreadPoolExecutor):
    """A pool; `submit`, and with it `map`, runs each call in a copy of the caller's context."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `ThreadPoolExecutor.submit`."""
        context = copy_context()
        return super().submit(lambda: context.run(fn, *args, **kwargs))
