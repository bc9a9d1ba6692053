"""Traces by OpenTelemetry. The packages are the extra ``otel``; where spans go is said by its own variables, first of
all ``OTEL_EXPORTER_OTLP_ENDPOINT``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from codereview import __version__
from codereview.errors import ConfigurationError
from codereview.logs import logged_with
from codereview.ports import Attributes, Span, SpanKind

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

#: W3C trace context: the headers ``traceparent`` and ``tracestate``.
_PROPAGATOR = TraceContextTextMapPropagator()
_NOTHING: Attributes = {}
_FLUSH_MS = 2_000


class OtelTracer:
    """Spans of one provider. Lines logged within a span carry its ids."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("codereview", __version__)

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes = _NOTHING,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Mapping[str, str] | None = None,
    ) -> Iterator[Span]:
        """See `codereview.ports.Tracer`."""
        context = _PROPAGATOR.extract(dict(parent)) if parent else None
        with self._tracer.start_as_current_span(
            name,
            context,
            kind=trace.SpanKind[kind.name],
            attributes=dict(attributes),
            # What an exception says may hold code under review: its class is enough.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            ids = span.get_span_context()
            try:
                with logged_with(traceId=f"{ids.trace_id:032x}", spanId=f"{ids.span_id:016x}"):
                    yield _OtelSpan(span)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def carrier(self) -> dict[str, str]:
        """See `codereview.ports.Tracer`."""
        headers: dict[str, str] = {}
        _PROPAGATOR.inject(headers)
        return headers

    def flush(self) -> None:
        """See `codereview.ports.Tracer`."""
        self._provider.force_flush(_FLUSH_MS)


class _OtelSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))


def open_tracer(environment: str) -> OtelTracer:
    """A tracer that sends in the background, over OTLP. Raises ConfigurationError when the packages are not there."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            f"CODEREVIEW_TRACING is set but OpenTelemetry is not installed ({error}): pip install 'codereview[otel]'"
        ) from error
    resource = Resource.create(
        {"service.name": "codereview", "service.version": __version__, "deployment.environment.name": environment}
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OtelTracer(provider)
