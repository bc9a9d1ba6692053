"""What the invocation has to say of itself: agents that failed, files that were not examined, notices."""

from codereview.domain.reviews import Review
from codereview.formats.sarif.parts import Json, location, text
from codereview.formats.unseen import Remark, remarks

_DESCRIPTORS = {
    "codereview/incomplete": ("Incomplete", "The review does not cover everything it was given.", "error"),
    "codereview/agent-failed": ("AgentFailed", "An agent did not do its work.", "error"),
    "codereview/not-examined": ("NotExamined", "A file was not, or not wholly, examined.", "error"),
    "codereview/notice": ("Notice", "Something to know about the review.", "note"),
    "codereview/not-listed": ("NotListed", "There are more findings than the log lists.", "warning"),
}
_INDEX = {code: place for place, code in enumerate(_DESCRIPTORS)}


def descriptors() -> list[Json]:
    """The kinds of notifications."""
    return [
        {
            "id": code,
            "name": name,
            "shortDescription": text(about),
            "fullDescription": text(about),
            "help": text(about),
            "defaultConfiguration": {"level": level},
        }
        for code, (name, about, level) in _DESCRIPTORS.items()
    ]


def notifications(review: Review) -> list[Json]:
    """The notifications of a review; without any of level "error" when everything was examined."""
    return [_notification(remark) for remark in remarks(review)]


def _notification(remark: Remark) -> Json:
    made: Json = {
        "descriptor": {"id": remark.code, "index": _INDEX[remark.code]},
        "level": _DESCRIPTORS[remark.code][2],
        "message": text(remark.message),
    }
    return {**made, "locations": [location(remark.path)]} if remark.path else made
