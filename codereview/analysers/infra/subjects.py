"""From a file to what is configured in it."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from codereview.analysers.infra.model import Subject
from codereview.analysers.infra.reading import hcl_reader, yaml_reader
from codereview.analysers.infra.reading.tree import Entry, Items, Map, Node, flat, select, text_at
from codereview.analysers.languages import is_action, is_dockerfile, is_workflow
from codereview.domain.sources import SourceFile

_YAML = frozenset({".yml", ".yaml", ".json", ".template"})
_COMPOSE_NAME = re.compile(r"^(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml$")
_SERVICES = re.compile(r"^services:\s*(?:#.*)?$", re.MULTILINE)
_CONTAINER = re.compile(r"^\s+(?:image|build):", re.MULTILINE)
_KIND = re.compile(r"^\s*[\"']?kind[\"']?\s*:\s*[\"']?[A-Z]\w+", re.MULTILINE)
_API = re.compile(r"^\s*[\"']?apiVersion[\"']?\s*:\s*[\"']?[\w./-]+", re.MULTILINE)
_CLOUDFORMATION = re.compile(r"AWSTemplateFormatVersion|^\s*[\"']?Type[\"']?\s*:\s*[\"']?AWS::\w+::\w+", re.MULTILINE)
_WORKLOADS = {
    "Pod": "spec",
    "CronJob": "spec.job_template.spec.template.spec",
}
_SYSTEM_SPACES = frozenset(
    {"kube-system", "kube-public", "calico-system", "tigera-operator", "cilium", "rook-ceph", "longhorn-system"}
)


def kind_of(file: SourceFile) -> str:
    """ "dockerfile", "workflow", "compose", "cloudformation", "kubernetes", "terraform", or "" for other files."""
    path = PurePosixPath(file.path)
    if is_dockerfile(file):
        return "dockerfile"
    if is_workflow(file) or is_action(file):
        return "workflow"
    if path.suffix == ".tf":
        return "terraform"
    if path.suffix.lower() not in _YAML and file.language != "yaml":
        return ""
    return _yaml_kind(path, file.text)


def _yaml_kind(path: PurePosixPath, text: str) -> str:
    if _COMPOSE_NAME.match(path.name.lower()) or (
        path.suffix != ".json" and _SERVICES.search(text) and _CONTAINER.search(text) and not _API.search(text)
    ):
        return "compose"
    if _CLOUDFORMATION.search(text):
        return "cloudformation"
    return "kubernetes" if _API.search(text) and _KIND.search(text) else ""


def subjects(kind: str, text: str) -> list[Subject]:
    """What is configured in a file of this kind. Raises Unreadable."""
    if kind == "terraform":
        return list(_terraform(hcl_reader.document(text)))
    reader = {"compose": _compose, "cloudformation": _cloudformation, "kubernetes": _kubernetes}[kind]
    return [subject for document in yaml_reader.documents(text) for subject in reader(document)]


def _terraform(document: Map) -> Iterator[Subject]:
    for block in document.entries:
        if block.key not in ("resource", "data") or not isinstance(block.node, Map):
            continue
        for type_ in block.node.entries:
            if isinstance(type_.node, Map):
                prefix = "data." if block.key == "data" else ""
                for name in type_.node.entries:
                    if isinstance(name.node, Map):
                        yield Subject(f"{prefix}{type_.key}", name.key, _undynamic(name.node), block.line)


def _undynamic(node: Map) -> Map:
    """``dynamic "ingress" { content { … } }`` read as ``ingress { … }``."""
    found: list[Entry] = []
    for entry in node.entries:
        if entry.key == "dynamic" and isinstance(entry.node, Map):
            for block in entry.node.entries:
                content = block.node.get("content") if isinstance(block.node, Map) else None
                if isinstance(content, Map):
                    found.append(Entry(block.key, entry.line, _undynamic(content)))
        elif isinstance(entry.node, Map):
            found.append(Entry(entry.key, entry.line, _undynamic(entry.node)))
        else:
            found.append(entry)
    return Map(tuple(found), node.line)


def _compose(document: Node) -> Iterator[Subject]:
    for services in select(document, "services"):
        if isinstance(services, Map):
            for service in services.entries:
                if isinstance(service.node, Map):
                    yield Subject("compose.service", service.key, service.node, service.line)


def _cloudformation(document: Node) -> Iterator[Subject]:
    for resources in select(document, "resources"):
        if not isinstance(resources, Map):
            continue
        for resource in resources.entries:
            if isinstance(resource.node, Map) and (type_ := text_at(resource.node, "type")):
                properties = resource.node.get("Properties")
                node = properties if isinstance(properties, Map) else Map((), resource.line)
                yield Subject(type_, resource.key, node, resource.line)
    for parameters in select(document, "parameters"):
        if isinstance(parameters, Map):
            for parameter in parameters.entries:
                if isinstance(parameter.node, Map):
                    yield Subject("cloudformation.parameter", parameter.key, parameter.node, parameter.line)


def _kubernetes(document: Node) -> Iterator[Subject]:
    if not isinstance(document, Map):
        return
    kind = text_at(document, "kind")
    if kind == "List" and isinstance(items := document.get("items"), Items):
        for item in items.items:
            yield from _kubernetes(item)
        return
    if not kind or not text_at(document, "api_version"):
        return
    name = text_at(document, "metadata.name")
    system = text_at(document, "metadata.namespace") in _SYSTEM_SPACES
    yield Subject(f"k8s.{kind}", name, document, document.line, system)
    for pod in select(document, _WORKLOADS.get(kind, "spec.template.spec")):
        if isinstance(pod, Map) and pod.get("containers") is not None:
            yield Subject("k8s.pod", name, pod, pod.line, system)
            for part in ("containers", "init_containers", "ephemeral_containers"):
                for containers in select(pod, part):
                    for container in flat(containers):
                        if isinstance(container, Map):
                            yield Subject(
                                "k8s.container", text_at(container, "name"), container, container.line, system
                            )
