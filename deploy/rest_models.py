"""The REST template's models, made from the schemas of the API: ``python -m deploy.rest_models [--check]``.

API Gateway checks requests by JSON Schema draft 4 and knows models by name. What stands between the markers of
``rest.yaml`` comes from the same pydantic models as the OpenAPI document; the name of the deployment carries the digest
of the template, so that a changed method is a new deployment.
"""

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from codereview.domain.submission import Submission
from codereview.web.schemas import Accepted, Problem

TEMPLATE = Path(__file__).parent / "cloudformation" / "rest.yaml"
_BEGIN, _END = "  # generated: begin\n", "  # generated: end\n"
_DEPLOYMENT = re.compile(r"\bDeployment[0-9A-FX]{8}\b")
#: Words that say nothing about whether a document is valid.
_PROSE = ("title", "description", "default", "examples")
#: The models by the schema they stand for: what is received is validated, what is sent is described.
_MODELS: tuple[tuple[type[BaseModel], JsonSchemaMode], ...] = (
    (Submission, "validation"),
    (Accepted, "serialization"),
    (Problem, "serialization"),
)


def draft_4(schema: Any) -> Any:
    """A schema of pydantic (draft 2020-12) in the words of draft 4, without prose."""
    if isinstance(schema, list):
        return [draft_4(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for word, value in schema.items():
        match word:
            case "$defs":
                made["definitions"] = _named(value)
            case "properties":
                made["properties"] = _named(value)
            case "$ref":
                made["$ref"] = value.replace("#/$defs/", "#/definitions/")
            case "exclusiveMinimum":
                made |= {"minimum": value, "exclusiveMinimum": True}
            case "exclusiveMaximum":
                made |= {"maximum": value, "exclusiveMaximum": True}
            case "const":
                made["enum"] = [value]
            case _ if word not in _PROSE:
                made[word] = draft_4(value)
    return made


def _named(members: dict[str, Any]) -> dict[str, Any]:
    return {name: draft_4(member) for name, member in members.items()}


def models() -> dict[str, Any]:
    """The resources: one model for each schema."""
    resources = {}
    for model, mode in _MODELS:
        schema = {
            "$schema": "http://json-schema.org/draft-04/schema#",
            **draft_4(model.model_json_schema(by_alias=True, mode=mode)),
        }
        resources[f"{model.__name__}Model"] = {
            "Type": "AWS::ApiGateway::Model",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "Name": model.__name__,
                "ContentType": "application/json" if model is not Problem else "application/problem+json",
                "Schema": schema,
            },
        }
    return resources


def rendered(template: str) -> str:
    """The template with its models and the name of its deployment brought up to date."""
    before, rest = template.split(_BEGIN)
    _, after = rest.split(_END)
    text = yaml.safe_dump(models(), sort_keys=False, width=110, default_flow_style=None)
    made = before + _BEGIN + "".join(f"  {line}\n" for line in text.splitlines()) + _END + after
    digest = hashlib.sha256(_DEPLOYMENT.sub("Deployment", made).encode()).hexdigest()[:8].upper()
    return _DEPLOYMENT.sub(f"Deployment{digest}", made)


def main(arguments: list[str]) -> int:
    """Write the template, or with ``--check`` say whether it is current; 1 when it is not."""
    current = TEMPLATE.read_text(encoding="utf-8")
    wanted = rendered(current)
    if "--check" not in arguments:
        TEMPLATE.write_text(wanted, encoding="utf-8")
    elif wanted != current:
        sys.stderr.write("rest.yaml is not current: run make rest-models\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
