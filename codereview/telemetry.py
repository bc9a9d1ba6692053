"""What the running service tells about itself: measurements and traces, or, unless somebody listens, nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from codereview.domain.metrics import Measurement
from codereview.ports import Attributes, Metrics, Span, SpanKind, Tracer

_NOTHING: Attributes = {}


class NoMetrics:
    """Measurements nobody takes."""

    def record(self, *measurements: Measurement, **about: object) -> None:
        """Forget them."""


class NoSpan:
    """A span nobody sees."""

    def set(self, attributes: Attributes) -> None:
        """Forget them."""


class NoTracer:
    """Traces nobody follows."""

    @contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002  the port's signature
        attributes: Attributes = _NOTHING,  # noqa: ARG002
        *,
        kind: SpanKind = SpanKind.INTERNAL,  # noqa: ARG002
        parent: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Iterator[Span]:
        """Just do what is inside."""
        yield _NO_SPAN

    def carrier(self) -> dict[str, str]:
        """Nothing to carry."""
        return {}

    def flush(self) -> None:
        """Nothing waits."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Both, as the application is given them."""

    metrics: Metrics = field(default_factory=NoMetrics)
    tracer: Tracer = field(default_factory=NoTracer)


_NO_SPAN = NoSpan()
#: Tells nothing.
SILENT = Telemetry()
