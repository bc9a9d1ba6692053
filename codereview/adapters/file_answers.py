"""Answers of a model kept in files, so that the command line does not pay twice for the same code."""

import contextlib
import hashlib
import logging
import os
import tempfile
import zlib
from pathlib import Path

from codereview.adapters.budget_rules import ANSWER_BYTES, ANSWER_TTL_S, ANSWERS_BYTES
from codereview.adapters.system import SystemClock
from codereview.ports import Clock

log = logging.getLogger(__name__)


class FileAnswerCache:
    """`codereview.spending.AnswerCache` in a directory, a compressed file for each answer, dated by its last use.

    Several processes may share it. What cannot be read or written is as good as not there: a cache fails nobody.
    ``max_bytes`` counts what is stored; each process may be over it by a sixteenth, since who looks through all files
    after each answer has soon more to look through than to answer.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock | None = None,
        *,
        ttl_s: float = ANSWER_TTL_S,
        max_bytes: int = ANSWERS_BYTES,
        max_answer_bytes: int = ANSWER_BYTES,
    ) -> None:
        self._directory = directory
        self._clock = clock or SystemClock()
        self._ttl_s = ttl_s
        self._max_bytes, self._max_answer_bytes = max_bytes, max_answer_bytes
        self._step = max_bytes // 16
        #: Bytes that may be put before the directory is looked through again.
        self._room = 0

    def get(self, key: str) -> str | None:
        """The answer, or None when there is none (any more)."""
        path = self._path(key)
        try:
            if path.stat().st_mtime <= self._now_s() - self._ttl_s:
                return None
            text = zlib.decompress(path.read_bytes()).decode("utf-8", "surrogatepass")
            os.utime(path, (self._now_s(), self._now_s()))
        except (OSError, zlib.error, UnicodeDecodeError):
            return None
        return text

    def put(self, key: str, value: str) -> None:
        """Keep an answer; one that is too large is not kept."""
        data = value.encode("utf-8", "surrogatepass")
        packed = zlib.compress(data)
        if len(data) > self._max_answer_bytes or len(packed) > self._max_bytes:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(packed)
            os.utime(file.name, (self._now_s(), self._now_s()))
            os.replace(file.name, path)
            self._room -= len(packed)
            if self._room < 0:
                self._room = min(self._step, self._max_bytes - self._forget())
        except OSError as error:
            log.warning("answer_not_kept", extra={"reason": str(error)})

    def _forget(self) -> int:
        """Remove what is too old, and of the rest the longest unused until there is room; the bytes that are left."""
        kept = 0
        files: list[tuple[os.stat_result, str]] = []
        for entry in os.scandir(self._directory):
            with contextlib.suppress(FileNotFoundError):  # another thread or process was quicker
                files.append((entry.stat(), entry.path))
        most = self._max_bytes - self._step
        for stat, path in sorted(files, key=lambda file: -file[0].st_mtime):
            if kept + stat.st_size > most or stat.st_mtime <= self._now_s() - self._ttl_s:
                most = min(most, kept)  # nothing that was unused for longer stays
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            else:
                kept += stat.st_size
        return kept

    def _path(self, key: str) -> Path:
        return self._directory / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    def _now_s(self) -> float:
        return self._clock.now_ms() / 1000
