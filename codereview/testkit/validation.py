"""What the Messages API refuses, and with which words: the mistakes a client can make without noticing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codereview.domain.pricing import ModelSpec
from codereview.testkit.exchange import Surface
from codereview.testkit.prompt_cache import TTL_S, prompt_tokens

#: Largest body, in bytes.
MAX_BODY = 32 * 1024 * 1024
MAX_BREAKPOINTS = 4

#: The type of an error by its status, where the rule names none.
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_FIELDS = frozenset(
    {"model", "max_tokens", "messages", "system", "metadata", "stop_sequences", "stream", "thinking", "tools"}
    | {"tool_choice", "output_config", "cache_control", "container", "diagnostics", "inference_geo", "service_tier"}
    | {"context_management", "speed"}
)
_SAMPLING = ("temperature", "top_p", "top_k")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_THINKING = ("adaptive", "enabled", "disabled", "between_tools")
#: Keywords of JSON Schema that constrained answers do not know.
_UNSUPPORTED = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
    | {"uniqueItems", "patternProperties", "propertyNames", "if", "then", "else", "not", "oneOf", "dependentSchemas"}
)


@dataclass
class Refused(Exception):
    """A request the service does not take."""

    status: int
    message: str

    @property
    def type(self) -> str:
        """The type of the error."""
        return ERROR_TYPES.get(self.status, "api_error")


def check(body: Any, spec: ModelSpec, *, surface: Surface = "messages", counting: bool = False) -> None:
    """Look a request over, its model being known. Raises Refused."""
    known = _FIELDS | ({"anthropic_version", "anthropic_beta"} if surface == "bedrock" else frozenset())
    for name in body:
        if name in _SAMPLING:
            raise Refused(400, f"{name}: no longer supported by this model")
        if name not in known:
            raise Refused(400, f"{name}: Extra inputs are not permitted")
    if not counting:
        _check_limit(body, spec)
    _check_messages(body.get("messages"))
    _check_system(body.get("system"))
    _check_thinking(body.get("thinking"), body.get("max_tokens"))
    if surface != "sagemaker":  # a container's own engine decides what schemas it takes
        _check_output(body.get("output_config"))
    _check_breakpoints(body)
    prompt = prompt_tokens(body)
    if prompt > spec.context_tokens and not counting:
        raise Refused(400, f"prompt is too long: {prompt} tokens > {spec.context_tokens} maximum")


def _check_limit(body: Mapping[str, Any], spec: ModelSpec) -> None:
    limit = body.get("max_tokens")
    if limit is None:
        raise Refused(400, "max_tokens: Field required")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise Refused(400, "max_tokens: Input should be a valid integer, greater than or equal to 0")
    if limit > spec.max_output_tokens:
        most = f"which is the maximum allowed number of output tokens for {spec.id}"
        raise Refused(400, f"max_tokens: {limit} > {spec.max_output_tokens}, {most}")


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list):
        raise Refused(400, "messages: Field required")
    if not messages:
        raise Refused(400, "messages: at least one message is required")
    for place, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("user", "assistant"):
            raise Refused(400, f"messages.{place}.role: Input should be 'user' or 'assistant'")
        _check_content(f"messages.{place}.content", message.get("content"))
    if messages[0]["role"] != "user":
        raise Refused(400, "messages: first message must use the 'user' role")
    if messages[-1]["role"] != "user":
        told = "This model does not support assistant message prefill. The conversation must end with a user message."
        raise Refused(400, told)


def _check_content(where: str, content: Any) -> None:
    if isinstance(content, str):
        if not content:
            raise Refused(400, f"{where}: content must not be empty")
        return
    if not isinstance(content, list) or not content:
        raise Refused(400, f"{where}: Input should be a non-empty list or string")
    for number, block in enumerate(content):
        if not isinstance(block, dict) or "type" not in block:
            raise Refused(400, f"{where}.{number}.type: Field required")
        if block["type"] == "text" and not str(block.get("text", "")):
            raise Refused(400, "messages: text content blocks must be non-empty")


def _check_system(system: Any) -> None:
    if system is None or isinstance(system, str):
        return
    for number, block in enumerate(system):
        if not isinstance(block, dict) or block.get("type") != "text":
            raise Refused(400, f"system.{number}.type: Input should be 'text'")
        if not block.get("text"):
            raise Refused(400, "system: text content blocks must be non-empty")


def _check_thinking(thinking: Any, limit: Any) -> None:
    if thinking is None:
        return
    if thinking.get("type") not in _THINKING:
        raise Refused(400, f"thinking.type: Input should be one of {', '.join(_THINKING)}")
    if thinking["type"] == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            raise Refused(400, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if isinstance(limit, int) and budget >= limit:
            raise Refused(400, "`max_tokens` must be greater than `thinking.budget_tokens`")


def _check_output(config: Any) -> None:
    if config is None:
        return
    for name in set(config) - {"effort", "format", "task_budget"}:
        raise Refused(400, f"output_config.{name}: Extra inputs are not permitted")
    if config.get("effort", "high") not in _EFFORTS:
        raise Refused(400, f"output_config.effort: Input should be one of {', '.join(_EFFORTS)}")
    form = config.get("format")
    if form is None:
        return
    if form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        raise Refused(400, "output_config.format: Input should be {'type': 'json_schema', 'schema': …}")
    for message in _schema_faults(form["schema"], form["schema"]):
        raise Refused(400, f"output_config.format.schema: {message}")


def _schema_faults(schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(schema, list):
        for inner in schema:
            yield from _schema_faults(inner, root)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    for name in sorted(_UNSUPPORTED & set(schema)):
        yield f"For '{schema.get('type', 'any')}' type, property '{name}' is not supported"
    reference = schema.get("$ref")
    if reference is not None and not _resolves(str(reference), root):
        yield f"$ref '{reference}' cannot be resolved"
    for name, inner in schema.items():
        if name in ("properties", "$defs", "definitions") and isinstance(inner, dict):
            yield from _schema_faults(list(inner.values()), root)
        elif name in ("items", "anyOf", "allOf"):
            yield from _schema_faults(inner, root)


def _resolves(reference: str, root: Mapping[str, Any]) -> bool:
    found = re.fullmatch(r"#/(\$defs|definitions)/([^/]+)", reference)
    return found is not None and found[2] in (root.get(found[1]) or {})


def _check_breakpoints(body: Mapping[str, Any]) -> None:
    """At most four; the longer-lived before the others."""
    marks = list(_marks(body.get("tools"))) + list(_marks(body.get("system")))
    for message in body["messages"]:
        marks += _marks(message.get("content"))
    if len(marks) > MAX_BREAKPOINTS:
        raise Refused(400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.")
    lives = []
    for mark in marks:
        if mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in TTL_S:
            raise Refused(400, "cache_control: Input should be {'type': 'ephemeral', 'ttl': '5m' or '1h'}")
        lives.append(TTL_S[mark.get("ttl", "5m")])
    if lives != sorted(lives, reverse=True):
        raise Refused(400, "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")


def _marks(content: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(content, list):
        for block in content:
            if isinstance(block, dict) and block.get("cache_control"):
                yield block["cache_control"]
