"""The whole review as JSON: the wire form, for programs."""

import json

from codereview.domain.reviews import Review
from codereview.formats.base import Rendering

#: Raised when a field changes its meaning or goes away; new fields do not raise it.
SCHEMA_VERSION = 1


def write(review: Review, _: Rendering) -> str:
    """The review with ``schemaVersion``, keys in the order of the model."""
    return dumps({"schemaVersion": SCHEMA_VERSION, **review.to_wire()})


def dumps(document: object) -> str:
    """Indented JSON in ASCII: no character of reviewed code reaches a terminal or an old parser raw."""
    # Delete is the one control character that JSON leaves as it is.
    return json.dumps(document, indent=2, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"
