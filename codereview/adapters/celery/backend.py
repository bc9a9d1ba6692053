"""A result backend for processes that send chords and never read results."""

from typing import Any

from celery.backends.redis import RedisBackend


class SenderBackend(RedisBackend):  # type: ignore[misc]
    """Redis results without listening: the stock backend subscribes to a channel for every task it sends.

    Both methods have to be silenced; the barrier of a group subscribes again otherwise.
    """

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """Do not listen for the task's result."""

    def add_pending_result(self, result: Any, weak: bool = False, start_drainer: bool = True) -> Any:  # noqa: ARG002
        """Do not wait for it either."""
        return result
