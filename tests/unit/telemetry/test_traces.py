"""Traces: one tree from the request to the last event, over the queue."""

from collections.abc import Callable, Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from support.api_app import Api

from codereview.adapters.observed import TracedBus, TracedModel
from codereview.adapters.otel import OtelTracer
from codereview.domain.tokens import Tokens
from codereview.language_model import Block, ModelCall, ModelReply, ModelUnavailable, Stop
from codereview.ports import SpanKind
from codereview.telemetry import Telemetry
from codereview.threads import ContextThreadPool

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Iterator[OtelTracer]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield OtelTracer(provider)
    provider.shutdown()


def _tree(spans: tuple[ReadableSpan, ...]) -> dict[str, str]:
    """Each span's name and that of its parent."""
    names = {span.context.span_id: span.name for span in spans if span.context is not None}
    return {span.name: names.get(span.parent.span_id, "(elsewhere)") if span.parent else "" for span in spans}


def test_a_request_continues_the_callers_trace_down_to_the_events(
    make_api: Callable[..., Api], tracer: OtelTracer, exporter: InMemorySpanExporter
) -> None:
    """The caller's own tools show the review as part of its request."""
    api = make_api(telemetry=Telemetry(tracer=tracer))
    api.service._bus = TracedBus(api.bus, tracer)
    api.submit(headers={"traceparent": PARENT})
    spans = exporter.get_finished_spans()
    assert _tree(spans) == {
        "POST /api/review": "(elsewhere)",
        "submit": "POST /api/review",
        "emit review_queued": "submit",
    }
    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {PARENT.split("-")[1]}
    (request,) = (span for span in spans if span.name == "POST /api/review")
    assert (
        dict(request.attributes or {}).items()
        >= {"http.response.status_code": 202, "http.route": "/api/review"}.items()
    )


def test_agents_show_each_analyser(
    tracer: OtelTracer, exporter: InMemorySpanExporter, make_api: Callable[..., Api]
) -> None:
    """What took the time is seen."""
    api = make_api(telemetry=Telemetry(tracer=tracer))
    api.ended()
    names = [span.name for span in exporter.get_finished_spans()]
    assert {"analyse pattern", "analyse smell"} <= set(names)


def test_what_an_exception_says_stays_out_of_traces(tracer: OtelTracer, exporter: InMemorySpanExporter) -> None:
    """It may quote the code under review; its class is enough to know where to look."""
    with pytest.raises(KeyError), tracer.span("unit"):
        raise KeyError("hunter22")
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert dict(span.attributes or {}) == {"error.type": "KeyError"}
    assert "hunter22" not in span.to_json()


class _Model:
    name = "fake"

    def __init__(self, fails: bool) -> None:
        self._fails = fails

    def complete(self, call: ModelCall, on_text: Callable[[str], None]) -> ModelReply:
        if self._fails:
            raise ModelUnavailable("down", tokens=Tokens(input=5))
        return ModelReply("{}", Stop.END, Tokens(input=10, output=3), "model-1-exact", request_id="req_1")

    def count_tokens(self, call: ModelCall) -> int:
        return 10

    def describe(self, model: str) -> dict[str, str]:
        return {}


CALL = ModelCall("model-1", (), (Block("secret code"),), {}, 100, purpose="find:injection")


def test_a_model_call_is_a_span(tracer: OtelTracer, exporter: InMemorySpanExporter) -> None:
    """By the conventions for generative AI, without a word of the prompt."""
    TracedModel(_Model(fails=False), tracer).complete(CALL)
    (span,) = exporter.get_finished_spans()
    assert span.name == "chat model-1"
    said = {
        "gen_ai.response.model": "model-1-exact",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
    }
    assert dict(span.attributes or {}).items() >= said.items()
    assert "secret code" not in span.to_json()


def test_a_call_that_fails_shows_what_was_billed_all_the_same(
    tracer: OtelTracer, exporter: InMemorySpanExporter
) -> None:
    """And that it failed."""
    with pytest.raises(ModelUnavailable):
        TracedModel(_Model(fails=True), tracer).complete(CALL)
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert (span.attributes or {})["gen_ai.usage.input_tokens"] == 5


def test_another_process_goes_on_by_the_carrier(tracer: OtelTracer, exporter: InMemorySpanExporter) -> None:
    """What travels in a message's header is enough."""
    with tracer.span("send", kind=SpanKind.PRODUCER):
        carried = tracer.carrier()
    assert tracer.carrier() == {}
    with tracer.span("receive", kind=SpanKind.CONSUMER, parent=carried):
        pass
    assert _tree(exporter.get_finished_spans()) == {"send": "", "receive": "send"}


def test_lines_logged_within_a_span_carry_its_ids(tracer: OtelTracer) -> None:
    """From a line to its trace, and back."""
    import json
    import logging

    from codereview.logs import JsonFormatter

    with tracer.span("unit", parent={"traceparent": PARENT}):
        line = json.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "here"})))
    assert line["traceId"] == PARENT.split("-")[1]
    assert len(line["spanId"]) == 16


def test_threads_work_within_the_span_of_who_hands_them_work(
    tracer: OtelTracer, exporter: InMemorySpanExporter
) -> None:
    """A model is asked several things at a time; all of it belongs to the unit."""

    def ask(_: int) -> None:
        with tracer.span("chat"):
            pass

    with tracer.span("unit"), ContextThreadPool(2) as pool:
        list(pool.map(ask, range(3)))
    assert _tree(exporter.get_finished_spans()) == {"unit": "", "chat": "unit"}
