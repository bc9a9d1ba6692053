"""No SQLite connection is carried across a fork.

A child that inherits an open connection believes that its process holds locks which only the parent has, and can
thereby damage the file, even when it never uses that connection but opens one of its own. So connections are closed
before a fork; parent and child open theirs when they next need one.
"""

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """What must be closed before a fork."""

    def before_fork(self) -> None:
        """Close, and stay closed."""

    def after_fork(self) -> None:
        """May open again."""


#: Held while a database file is made: no two threads do so at once, and no fork happens in the midst of it.
creating = threading.Lock()

_forking = threading.Lock()
_watched: WeakSet[Forkable] = WeakSet()
_closed: list[Forkable] = []
_registered = False


def watch(database: Forkable) -> None:
    """Close the database before each fork from now on."""
    global _registered  # noqa: PLW0603  the interpreter's hooks are registered once and can never be taken back
    with _forking:
        _watched.add(database)
        if not _registered:
            os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
            _registered = True


def _before() -> None:
    _forking.acquire()
    _closed[:] = _watched
    for database in _closed:
        database.before_fork()
    # Last, because a database that is being opened takes it while it holds its own lock.
    creating.acquire()


def _after() -> None:
    databases = list(_closed)
    _closed.clear()
    creating.release()
    for database in databases:
        database.after_fork()
    _forking.release()
