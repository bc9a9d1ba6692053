"""Bodies of reviews too large for a DynamoDB item, as files of a directory: for stand-ins of AWS on one machine."""

import hashlib
import logging
import os
import secrets
import tempfile
from pathlib import Path

from codereview.errors import BackendUnavailable

log = logging.getLogger(__name__)

_SCHEME = "file:"
_SUFFIX = ".json.gz"


class FileBodies:
    """Packed bodies below ``directory``. A reference is ``file:{review id}/{SHA-256}-{8 hex digits}.json.gz``.

    The directory must be shared by every process of the deployment; the digits are new with every write, so that
    removing what an item no longer names never takes a body from another write.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def reference(self, review_id: str, packed: bytes) -> str:
        """A new reference for this body."""
        return f"{_SCHEME}{review_id}/{hashlib.sha256(packed).hexdigest()}-{secrets.token_hex(4)}{_SUFFIX}"

    def write(self, reference: str, packed: bytes) -> None:
        """Store the body, whole or not at all. Raises BackendUnavailable."""
        path = self._path(reference)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(packed)
            os.replace(file.name, path)
        except OSError as error:
            raise BackendUnavailable(f"{path} cannot be written: {error.strerror}") from error

    def read(self, reference: str) -> bytes | None:
        """The body, or None when it is not there (any more). Raises BackendUnavailable, also for a damaged file."""
        path = self._path(reference)
        try:
            packed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BackendUnavailable(f"{path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(packed).hexdigest() != path.name.partition("-")[0]:
            raise BackendUnavailable(f"{path} is damaged: its content does not fit its name")
        return packed

    def remove(self, reference: str) -> None:
        """Remove a body that no item names any more; a failure is logged."""
        path = self._path(reference)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("stale_body_left", extra={"reference": reference, "reason": error.strerror})

    def _path(self, reference: str) -> Path:
        return self._directory / reference.removeprefix(_SCHEME)
