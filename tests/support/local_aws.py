"""ministack, and recorded resources for the types that it lacks: run by the interpreter of the tools' environment.

A recorded resource exists only by its record: its properties are checked against the official schema that cfn-lint
ships (what is unknown, what is missing), Ref and GetAtt answer as the schema says, and what was asked for is written to
the file RECORDS, one JSON document a line, for tests to read.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from ministack.app import main
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

TEMPLATES = Path(__file__).resolve().parents[2] / "deploy" / "cloudformation"
REGION = "us-east-1"
HANDLERS = provisioners._RESOURCE_HANDLERS

Properties = dict[str, Any]


def _note(action: str, **facts: object) -> None:
    with Path(os.environ["RECORDS"]).open("a", encoding="utf-8") as records:
        records.write(json.dumps({"action": action, **facts}, default=str) + "\n")


def _identifier(schema: Properties, properties: Properties, stack: str, logical_id: str) -> str:
    names = [path.rsplit("/", 1)[-1] for path in schema.get("primaryIdentifier", [])]
    made = f"{stack}-{logical_id}-{uuid.uuid4().hex[:8]}"
    return "|".join(str(properties.get(name) or made) for name in names)


def _recorded(type_name: str) -> dict[str, Callable[..., Any]]:
    resource = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name)
    schema, attributes = resource.schema, list(resource.get_atts)

    def check(properties: Properties) -> None:
        unknown = set(properties) - set(schema.get("properties", {}))
        missing = set(schema.get("required", [])) - set(properties)
        if unknown or missing:
            raise ValueError(f"{type_name}: unknown {sorted(unknown)}, missing {sorted(missing)}")

    def create(logical_id: str, properties: Properties | None, stack: str) -> tuple[str, dict[str, str]]:
        properties = properties or {}
        check(properties)
        physical = _identifier(schema, properties, stack, logical_id)
        _note("create", type=type_name, stack=stack, logicalId=logical_id, physicalId=physical, properties=properties)
        answers = {name: str(properties.get(name, f"{physical}.{name}")) for name in attributes}
        return physical, answers | {
            name: f"eipalloc-{uuid.uuid4().hex[:8]}" for name in ("AllocationId",) if name in answers
        }

    def update(
        physical: str, _old: Properties, new: Properties, stack: str, *_: object, **__: object
    ) -> tuple[str, dict[str, str]]:
        check(new)
        _note("update", type=type_name, stack=stack, physicalId=physical, properties=new)
        return physical, {}

    def delete(physical: str, _properties: Properties) -> None:
        _note("delete", type=type_name, physicalId=physical)

    return {"create": create, "update": update, "delete": delete}


def _types_of_templates() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.yaml"))
    return set(re.findall(r"^    Type: (AWS::\w+::\w+)$", text, re.MULTILINE))


def _lacks(type_name: str) -> bool:
    return type_name not in HANDLERS


def _expressions_are_recorded() -> None:
    """Alarms over a metric are ministack's own; over an expression it has none."""
    own, record = dict(HANDLERS["AWS::CloudWatch::Alarm"]), _recorded("AWS::CloudWatch::Alarm")

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        chosen = record if properties.get("Metrics") else own
        return chosen["create"](logical_id, properties, stack)

    def update(physical: str, old: Properties, new: Properties, *rest: object, **named: object) -> Any:
        chosen = record if new.get("Metrics") else own
        return chosen["update"](physical, old, new, *rest, **named)

    def delete(physical: str, properties: Properties) -> Any:
        chosen = record if (properties or {}).get("Metrics") else own
        return chosen["delete"](physical, properties)

    HANDLERS["AWS::CloudWatch::Alarm"] = {**own, "create": create, "update": update, "delete": delete}


def _tables_keep_their_lives() -> None:
    """ministack makes tables without the time to live and the recovery their templates ask for."""
    for type_name in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        own = HANDLERS[type_name]["create"]

        def create(logical_id: str, properties: Properties, stack: str, own: Callable[..., Any] = own) -> Any:
            name, attributes = own(logical_id, properties, stack)
            if ttl := properties.get("TimeToLiveSpecification"):
                wanted = {"Enabled": str(ttl["Enabled"]).lower() == "true", "AttributeName": ttl["AttributeName"]}
                dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": wanted})
            return name, attributes

        HANDLERS[type_name]["create"] = create


def _updates_keep_attributes() -> None:
    """Where an update of a nested stack leaves a resource as it is, ministack forgets its attributes."""
    make, change = provisioners._provision_resource, provisioners._update_resource
    known: dict[tuple[str, str], Properties] = {}

    def provision(type_name: str, logical_id: str, *rest: Any, **named: Any) -> tuple[str, Properties]:
        physical, attributes = make(type_name, logical_id, *rest, **named)
        known[type_name, physical] = attributes or {}
        return physical, attributes

    def update(type_name: str, *rest: Any, **named: Any) -> tuple[str, Properties]:
        physical, attributes = change(type_name, *rest, **named)
        merged = {**known.get((type_name, physical), {}), **(attributes or {})}
        known[type_name, physical] = merged
        return physical, merged

    provisioners._provision_resource, provisioners._update_resource = provision, update


if __name__ == "__main__":
    lacking = sorted(filter(_lacks, _types_of_templates()))
    for name in lacking:
        if not name.startswith("AWS::CloudFormation::"):
            HANDLERS[name] = _recorded(name)
    _expressions_are_recorded()
    _tables_keep_their_lives()
    _updates_keep_attributes()
    _note("start", recorded=lacking)
    sys.argv = ["ministack"]
    main()
