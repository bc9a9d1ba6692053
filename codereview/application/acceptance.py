"""Whether a deployment really works: a review handed in, followed and read back by its public URLs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from codereview.errors import BackendUnavailable, CodeReviewError

#: Code with a defect for each agent, by the line it is on.
PROBE = """import sqlite3


def remember(name, seen=[]):
    seen.append(name)
    return seen


def find(connection: sqlite3.Connection, name):
    return connection.execute("SELECT * FROM people WHERE name = '" + name + "'").fetchall()
"""
PROBE_NAME = "probe.py"
EXPECTED = {"bug": 4, "security": 10}

_POLL_S = 2.0


class NotAccepted(CodeReviewError):
    """The deployment does not do what it should."""


class Deployed(Protocol):
    """The deployment by its URLs: see `codereview.adapters.deployed_api`."""

    def call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """The status and the document."""
        ...

    def listen(self, url: str, review_id: str, *, seconds: float) -> Iterator[dict[str, Any]]:
        """The events of a review until the terminal one."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was seen of the review."""

    review_id: str
    events: int
    findings: int


def check(
    deployed: Deployed, remaining_s: Callable[[], float], *, sleep: Callable[[float], None] = time.sleep
) -> Accepted:
    """Hand the probe in and see it through, within the time that remains.

    Raises NotAccepted, with what was seen and what should have been.
    """
    try:
        _expect(deployed.call("GET", "/api/health"), 200, "GET /api/health")
        accepted = _expect(
            deployed.call("POST", "/api/review", {"code": PROBE, "filename": PROBE_NAME}), 202, "POST /api/review"
        )
        review_id, url = str(accepted["reviewId"]), str(accepted["webSocketUrl"])
        events = list(deployed.listen(url, review_id, seconds=remaining_s()))
        review = _ended(deployed, review_id, remaining_s, sleep)
    except BackendUnavailable as error:
        raise NotAccepted(error.detail) from error
    _check_events(events)
    _check_review(review)
    return Accepted(review_id, len(events), len(review["findings"]))


def _ended(
    deployed: Deployed, review_id: str, remaining_s: Callable[[], float], sleep: Callable[[float], None]
) -> dict[str, Any]:
    """The review as it is stored, which is a moment before or after its last event is heard."""
    while True:
        review = _expect(deployed.call("GET", f"/api/review/{review_id}"), 200, "GET /api/review/{id}")
        if review["status"] not in ("pending", "running"):
            return review
        if remaining_s() <= 0:
            raise NotAccepted(f"review {review_id} is still {review['status']} though its last event was sent")
        sleep(_POLL_S)


def _expect(answer: tuple[int, dict[str, Any]], status: int, what: str) -> dict[str, Any]:
    if answer[0] != status:
        raise NotAccepted(f"{what} answered {answer[0]} instead of {status}: {answer[1].get('detail', '')}")
    return answer[1]


def _check_events(events: list[dict[str, Any]]) -> None:
    numbers = [event["id"] for event in events]
    if numbers != list(range(1, len(events) + 1)):
        raise NotAccepted(f"the events came as {numbers}, not one after the other")
    if events[-1]["type"] != "review_completed":
        raise NotAccepted(f"the last event is {events[-1]['type']}, not review_completed")


def _check_review(review: dict[str, Any]) -> None:
    if (review["status"], review["outcome"]) != ("completed", "complete"):
        raise NotAccepted(f"the review is {review['status']}, {review['outcome']}: {' '.join(review['notices'])}")
    for agent, line in EXPECTED.items():
        if not any(finding["agent"] == agent and finding["startLine"] == line for finding in review["findings"]):
            raise NotAccepted(f"the {agent} agent did not find the defect in line {line} of the probe")
