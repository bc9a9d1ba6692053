"""Cursors of listings: where a page ended, in a form that a client can only hand back."""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

from codereview.errors import InvalidCursor

#: A cursor reveals and permits nothing by itself, because every page is cut from the caller's own reviews. So a key
#: that everybody can read is enough to tell slips; give one of your own to refuse deliberate forgeries too.
DEFAULT_KEY = b"codereview listing"
_TAG_BYTES = 16
_PLACE = re.compile(rb"([0-9]{1,16}):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a listing that runs from the newest to the oldest: the last review already shown."""

    created_at: int
    review_id: str


class Cursors:
    """Makes and reads the cursors of one service; each holds for one owner."""

    def __init__(self, key: bytes = DEFAULT_KEY) -> None:
        self._key = key

    def encode(self, owner: str, position: Position) -> str:
        """The cursor: URL-safe text."""
        place = f"{position.created_at}:{position.review_id}".encode()
        return base64.urlsafe_b64encode(self._tag(owner, place) + place).rstrip(b"=").decode("ascii")

    def decode(self, owner: str, cursor: str) -> Position:
        """Where the cursor points. Raises InvalidCursor for one not made here, or made for another owner."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidCursor from error
        tag, place = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        match = _PLACE.fullmatch(place)
        if match is None or not hmac.compare_digest(tag, self._tag(owner, place)):
            raise InvalidCursor
        position = Position(int(match[1]), match[2].decode(errors="replace"))
        # Base64 can spell the same bytes in several ways; only one of them came from here.
        if self.encode(owner, position) != cursor:
            raise InvalidCursor
        return position

    def _tag(self, owner: str, place: bytes) -> bytes:
        name = owner.encode()
        message = len(name).to_bytes(4, "big") + name + place
        return hmac.digest(self._key, message, hashlib.sha256)[:_TAG_BYTES]
