"""Running a review inside this process: the command line needs no broker."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from codereview.application.reviewing import UnitDeferred
from codereview.domain.units import UnitSpec
from codereview.errors import LeaseLost

log = logging.getLogger(__name__)


class LocalDispatcher:
    """A pool of threads; most of an agent's work happens in the analysers' own processes.

    ``review_unit`` and ``finalize`` are bound after construction, because the service that has them needs the
    dispatcher first.
    """

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="agent")
        self._lock = threading.Lock()
        self._open: dict[str, int] = {}
        self._review_unit: Callable[[str, str], object] | None = None
        self._finalize: Callable[[str], object] | None = None

    def bind(self, review_unit: Callable[[str, str], object], finalize: Callable[[str], object]) -> None:
        """Say what a unit and an end are."""
        self._review_unit, self._finalize = review_unit, finalize

    def launch(self, review_id: str, units: Sequence[UnitSpec]) -> None:
        """Start all units; the last one to end finalizes."""
        with self._lock:
            self._open[review_id] = len(units)
        for unit in units:
            self._submit(review_id, unit)

    def relaunch(self, review_id: str, unit: UnitSpec) -> None:
        """Start one unit again."""
        with self._lock:
            self._open[review_id] = self._open.get(review_id, 0) + 1
        self._submit(review_id, unit)

    def finalize(self, review_id: str) -> None:
        """Finalize in the pool."""
        if self._finalize is not None:
            self._pool.submit(self._finalize, review_id).add_done_callback(_report)

    def backlog(self, agent: str) -> int:  # noqa: ARG002  one pool serves every agent
        """Units waiting in the pool, of any agent."""
        return sum(self._open.values())

    def revoke(self, review_id: str) -> None:
        """Nothing to tell: units in this process see the ledger."""

    def close(self) -> None:
        """Drop what has not begun and wait for what runs."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, review_id: str, unit: UnitSpec) -> None:
        self._pool.submit(self._run, review_id, unit.id).add_done_callback(_report)

    def _run(self, review_id: str, unit_id: str) -> None:
        assert self._review_unit is not None  # noqa: S101  bootstrap binds before it hands the service out
        try:
            self._review_unit(review_id, unit_id)
        except UnitDeferred as deferred:
            again = threading.Timer(deferred.retry_after_s, self._again, (review_id, unit_id))
            again.daemon = True
            again.start()
            return
        except LeaseLost:
            log.debug("unit_left", extra={"reviewId": review_id, "unitId": unit_id})
        except BaseException:
            self._ended(review_id)
            raise
        self._ended(review_id)

    def _again(self, review_id: str, unit_id: str) -> None:
        with suppress(RuntimeError):  # the pool was closed meanwhile
            self._pool.submit(self._run, review_id, unit_id).add_done_callback(_report)

    def _ended(self, review_id: str) -> None:
        with self._lock:
            self._open[review_id] -= 1
            last = self._open[review_id] == 0
        if last:
            self.finalize(review_id)


def _report(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("local_task_failed", exc_info=error)
