"""The parts every way in works with."""

from dataclasses import dataclass
from typing import Self

from codereview.application.review_service import ReviewService
from codereview.ports import IdempotencyStore
from codereview.web.ownership import Ownership
from codereview.web.submitting import Submitter
from codereview.web.tickets import TicketOffice


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything there is to do with reviews, and what has to be known of those who ask for it."""

    service: ReviewService
    ownership: Ownership
    submitter: Submitter
    tickets: TicketOffice

    @classmethod
    def over(cls, service: ReviewService, idempotency: IdempotencyStore, tickets: TicketOffice) -> Self:
        """The parts over a service."""
        ownership = Ownership(service)
        return cls(service, ownership, Submitter(service, idempotency, ownership), tickets)
