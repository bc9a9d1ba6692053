"""Task and queue names: the contract between who sends and who works. Tasks are sent by name only."""

from codereview.domain.reviews import AGENTS

REVIEW_UNIT = "codereview.review_unit"
FINALIZE = "codereview.finalize"

COORDINATOR = "coordinator"
#: One queue per agent type, and the coordinator's.
QUEUES = (*AGENTS, COORDINATOR)

#: Message header with the W3C trace context of who sent it.
TRACE_HEADER = "trace"
