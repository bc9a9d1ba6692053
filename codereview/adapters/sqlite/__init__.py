"""The durable stores in one SQLite file, shared by every process of a machine.

The file must lie on a local disk: SQLite's write-ahead log does not work over network file systems.
"""

from codereview.adapters.sqlite.keys import SqliteKeyStore
from codereview.adapters.sqlite.reviews import SqliteReviewStore

__all__ = ["SqliteKeyStore", "SqliteReviewStore"]
