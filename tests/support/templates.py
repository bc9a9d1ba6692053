"""CloudFormation templates as data: parsed, and rendered for given parameters as CloudFormation would."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).resolve().parents[2] / "deploy" / "cloudformation"
#: The account templates are rendered for.
ACCOUNT = "123456789012"
#: What pseudo parameters stand for where a template is rendered.
PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "codereview",
}
#: AWS::NoValue: the property is not there.
_NOTHING = object()
_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


class _Loader(yaml.SafeLoader):
    pass


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)


def names() -> list[str]:
    """The templates, by file name without its ending."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yaml"))


@cache
def load(name: str) -> dict[str, Any]:
    """A template with its functions in their long form."""
    document: dict[str, Any] = yaml.load((DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8"), _Loader)
    return document


def resources(name: str, *types: str) -> dict[str, dict[str, Any]]:
    """The resources of a template, of these types if any are given, by logical id."""
    return {key: value for key, value in load(name)["Resources"].items() if not types or value["Type"] in types}


class Rendered:
    """A template with parameters filled in: conditions decided, ``Ref`` of a parameter its value, ``Fn::Sub`` a text.

    What only a deployed resource knows stays readable: ``${Redis.Arn}``.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        self._template = load(name)
        defaults = {key: each.get("Default") for key, each in self._template.get("Parameters", {}).items()}
        unknown = set(parameters) - set(defaults)
        assert not unknown, f"{name} has no parameters {sorted(unknown)}"
        self._values = {**PSEUDO, **{key: f"${{{key}}}" if value is None else value for key, value in defaults.items()}}
        self._values.update(parameters)

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources whose condition holds."""
        return {
            key: {**resource, "Properties": self._resolve(resource.get("Properties", {}))}
            for key, resource in self._template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs' values."""
        return {key: self._resolve(each["Value"]) for key, each in self._template["Outputs"].items()
                if "Condition" not in each or self._holds(each["Condition"])}  # fmt: skip

    def _holds(self, name: str) -> bool:
        return bool(self._resolve(self._template["Conditions"][name]))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._resolve, value) if each is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return self._ref(argument)
            if function == "Condition" and isinstance(argument, str):
                return self._holds(argument)
            if function.startswith("Fn::"):
                return getattr(self, f"_{function[4:].lower()}")(argument)
        found = {key: self._resolve(each) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not _NOTHING}

    def _ref(self, name: str) -> Any:
        return _NOTHING if name == "AWS::NoValue" else self._values.get(name, f"${{{name}}}")

    def _getatt(self, argument: Any) -> str:
        return "${" + ".".join(map(str, argument)) + "}"

    def _sub(self, argument: Any) -> str:
        text, further = (argument, {}) if isinstance(argument, str) else argument
        known = {**self._values, **{key: self._resolve(each) for key, each in further.items()}}
        return _VARIABLE.sub(lambda found: str(known.get(found[1], found[0])), text)

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self._resolve(then if self._holds(condition) else otherwise)

    def _equals(self, argument: list[Any]) -> bool:
        one, other = map(self._resolve, argument)
        return str(one) == str(other)

    def _not(self, argument: list[Any]) -> bool:
        return not self._resolve(argument[0])

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self._resolve(argument[1])).split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        parts = self._resolve(argument[1])
        return parts[int(argument[0])] if int(argument[0]) < len(parts) else f"${{{argument[0]} of {parts}}}"

    def _getazs(self, _: Any) -> list[str]:
        return ["us-east-1a", "us-east-1b"]

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(map(str, self._resolve(argument[1])))


def render(name: str, **parameters: Any) -> Rendered:
    """A template rendered with its defaults and these parameters; production unless said otherwise."""
    if "Environment" in load(name).get("Parameters", {}):
        parameters.setdefault("Environment", "prod")
    return Rendered(name, parameters)


def at(document: Any, path: str) -> Any:
    """What stands at a path such as ``Rules[rate].Statement`` or ``Targets[0].Id``: keys, positions, or the element
    whose Name, Id, Key, IndexName, Region or RuleName it is. Raises KeyError."""
    for part in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        if part.startswith("["):
            document = _element(document, part[1:-1])
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            raise KeyError(f"{part} of {path}")
    return document


def _element(elements: Any, wanted: str) -> Any:
    if wanted.isdigit():
        return elements[int(wanted)]
    for element in elements:
        if wanted in (
            element.get(key)
            for key in ("Name", "Id", "Key", "IndexName", "Region", "RuleName", "Sid", "ScheduledActionName")
        ):
            return element
    raise KeyError(wanted)


def statements(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every IAM policy a template makes (not of the policies of resources), with where it is."""
    for logical_id, resource in resources(
        name, "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"
    ).items():
        properties = resource["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        if "PolicyDocument" in properties:
            documents.append(properties["PolicyDocument"])
        for document in documents:
            for written in document["Statement"]:
                statement = written.get("Fn::If", [None, written])[1]
                yield f"{name}.{logical_id}.{statement['Sid']}", statement
