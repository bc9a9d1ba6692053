"""The OpenAPI 3.1 document, made from the table of operations and the models they name."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.answers import PROBLEM
from api.operations import Answer, Operation
from codereview import __version__
from codereview.errors import CodeReviewError
from codereview.web.schemas import Problem

_REF = "#/components/schemas/{model}"
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}, {}]
_DESCRIPTION = """Submit code, follow the review live, fetch the result.

Every error is a problem document (RFC 9457) whose `type` is stable; `/problems` explains each. Unknown query
parameters and unknown fields are refused. The live stream is a WebSocket at `/ws` (see `webSocketUrl`) or server-sent
events on the events route; `/api/schema/events.json` describes an event."""


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document."""
    documented = [operation for operation in operations if operation.documented]
    paths: dict[str, dict[str, Any]] = {}
    for operation in documented:
        paths.setdefault(_path(operation), {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "codereview", "version": __version__, "description": _DESCRIPTION},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {
            "schemas": _schemas(documented),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key."},
            },
        },
    }


def _path(operation: Operation) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", operation.rule)


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": _SECURITY if operation.secured else [],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(\w+)>", operation.rule)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(ref_template=_REF)
        for name, described in schema["properties"].items():
            parameter = {"name": name, "in": "query", "required": False, "schema": described}
            if described.get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            found.append(parameter)
    for name, meaning in operation.headers.items():
        found.append({"name": name, "in": "header", "description": meaning, "schema": {"type": "string"}})
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    by_status: dict[int, list[type[CodeReviewError]]] = {}
    for problem in operation.all_problems:
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(by_status.items()):
        slugs = ", ".join(sorted({f"`{problem.slug}`" for problem in problems}))
        responses[str(status)] = _problem(f"Problem: {slugs}.")
    responses["default"] = _problem("Any other problem.")
    return responses


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.meaning}
    content: dict[str, Any] = {}
    if answer.model is not None:
        content["application/json"] = {"schema": {"$ref": _REF.format(model=answer.model.__name__)}}
    for media_type in answer.media_types:
        content[media_type.partition(";")[0]] = {}
    if content:
        described["content"] = content
    if answer.headers:
        described["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in answer.headers.items()
        }
    return described


def _problem(meaning: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=Problem.__name__)}
    return {"description": meaning, "content": {PROBLEM: {"schema": schema}}}


def _schemas(operations: Iterable[Operation]) -> Mapping[str, Any]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body, "validation"] = None
        if operation.query is not None:
            wanted[operation.query, "validation"] = None
        for answer in operation.answers.values():
            if answer.model is not None:
                wanted[answer.model, "serialization"] = None
    _, schema = models_json_schema(list(wanted), by_alias=True, ref_template=_REF)
    definitions: dict[str, Any] = schema["$defs"]
    return definitions
