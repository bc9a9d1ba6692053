"""Firewalls and policies of the clouds, from Terraform and CloudFormation alike."""

import re
from collections.abc import Iterator

from codereview.analysers.infra.model import Hit, Subject
from codereview.analysers.infra.reading import yaml_reader
from codereview.analysers.infra.reading.tree import Items, Map, Node, Scalar, Unreadable, flat, scalars, select, text_at
from codereview.domain.findings import Severity

_ANYWHERE = frozenset({"0.0.0.0/0", "::/0", "*", "internet", "any"})
#: Ports by which machines and their data are administered; nobody serves the public on them.
_ADMIN = frozenset(
    {
        22,
        23,
        135,
        139,
        445,
        1433,
        1521,
        2375,
        2376,
        2379,
        3306,
        3389,
        5432,
        5601,
        5900,
        5985,
        5986,
        6379,
        6443,
        9200,
        9300,
    }
    | {10250, 11211, 27017}
)
_ALL_PORTS = 1_000
_GROUPS = {
    "aws_security_group": "ingress",
    "aws_default_security_group": "ingress",
    "AWS::EC2::SecurityGroup": "security_group_ingress",
}
_RULES = frozenset({"aws_vpc_security_group_ingress_rule", "AWS::EC2::SecurityGroupIngress"})
_SOURCES = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ip", "cidr_ipv6", "cidr_ipv4")
#: Policies of keys are about the key they stand on: everything on "*" is how they are written.
_OF_ITSELF = frozenset({"aws_kms_key", "aws_kms_key_policy", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
#: What everybody of a private network may send through its endpoint; the other side still decides.
_ENDPOINTS = frozenset({"aws_vpc_endpoint", "aws_vpc_endpoint_policy", "AWS::EC2::VPCEndpoint"})
_READ_OBJECTS = re.compile(r"(?i)^s3:getobject(?:version)?$")
_POLICY_TEXT = re.compile(r"^\s*\{.*\"Statement\"", re.DOTALL)


def look(subject: Subject) -> Iterator[Hit]:
    """One resource."""
    yield from _network(subject)
    if subject.kind == "data.aws_iam_policy_document":
        yield from _statements(subject.node, subject)
    else:
        for policy in _policies(subject.node, 0):
            yield from _statements(policy, subject)


def _network(subject: Subject) -> Iterator[Hit]:
    if subject.kind in _GROUPS:
        for node in select(subject.node, _GROUPS[subject.kind]):
            for rule in flat(node):
                yield from _opened(rule)
    elif subject.kind in _RULES or (
        subject.kind == "aws_security_group_rule" and text_at(subject.node, "type") == "ingress"
    ):
        yield from _opened(subject.node)
    elif subject.kind in ("azurerm_network_security_rule", "azurerm_network_security_group"):
        nested = [one for node in select(subject.node, "security_rule") for one in flat(node)]
        for rule in nested if subject.kind.endswith("group") else [subject.node]:
            yield from _azure(rule)
    elif subject.kind == "google_compute_firewall":
        yield from _google(subject.node)


def _opened(rule: Node) -> Iterator[Hit]:
    where = [one for path in _SOURCES for node in select(rule, path) for one in scalars(node) if one.value in _ANYWHERE]
    if not where:
        return
    protocol = text_at(rule, "protocol") or text_at(rule, "ip_protocol")
    first, last = text_at(rule, "from_port"), text_at(rule, "to_port")
    if protocol in ("-1", "all") or (first == last == "-1" and protocol not in ("icmp", "1", "icmpv6", "58")):
        yield Hit("open-admin-port", where[0].line, message="Every port is open to everybody.")
    elif protocol not in ("icmp", "1", "icmpv6", "58"):
        yield from _ports(f"{first}-{last or first}", where[0].line)


def _azure(rule: Node) -> Iterator[Hit]:
    if text_at(rule, "direction").lower() != "inbound" or text_at(rule, "access").lower() != "allow":
        return
    sources = [
        one
        for path in ("source_address_prefix", "source_address_prefixes")
        for node in select(rule, path)
        for one in scalars(node)
    ]
    where = next((one for one in sources if one.value in _ANYWHERE), None)
    if where is None:
        return
    for path in ("destination_port_range", "destination_port_ranges"):
        for node in select(rule, path):
            for port in scalars(node):
                yield from _ports("0-65535" if port.text == "*" else port.text, where.line)


def _google(rule: Map) -> Iterator[Hit]:
    if text_at(rule, "direction").upper() == "EGRESS" or not any(True for _ in select(rule, "allow")):
        return
    where = next(
        (one for node in select(rule, "source_ranges") for one in scalars(node) if one.value in _ANYWHERE), None
    )
    if where is None:
        return
    for node in select(rule, "allow"):
        for allowed in flat(node):
            ports = [one.text for found in select(allowed, "ports") for one in scalars(found)]
            protocol = text_at(allowed, "protocol").lower()
            if protocol == "all" or (
                protocol == "tcp" and not ports and not any(True for _ in select(allowed, "ports"))
            ):
                yield Hit("open-admin-port", where.line, message="Every port is open to everybody.")
            for port in ports:
                yield from _ports(port, where.line)


def _ports(text: str, line: int) -> Iterator[Hit]:
    first, _, last = text.partition("-")
    if not first.strip().isdigit() or not (last or first).strip().isdigit():
        return
    ports = range(int(first), int(last or first) + 1)
    if len(ports) >= _ALL_PORTS and any(port in ports for port in _ADMIN):
        yield Hit("open-admin-port", line, message=f"Ports {text} are open to everybody.")
    elif wrong := sorted(port for port in _ADMIN if port in ports):
        yield Hit("open-admin-port", line, message=f"Port {wrong[0]} is open to everybody.")


def _policies(node: Node, depth: int) -> Iterator[Map]:
    """Policy documents within a resource: written out, or as JSON text."""
    if isinstance(node, Map):
        if any(entry.key == "Statement" for entry in node.entries):
            yield node
            return
        for entry in node.entries:
            yield from _policies(entry.node, depth + 1)
    elif isinstance(node, Items):
        for item in node.items:
            yield from _policies(item, depth + 1)
    elif _POLICY_TEXT.match(node.text):
        yield from _parsed(node)


def _parsed(policy: Scalar) -> Iterator[Map]:
    begin = policy.line + policy.block - 1
    try:
        documents = yaml_reader.documents("\n" * min(begin, 100_000) + policy.text)
    except Unreadable:
        return  # text with expressions in it; what it becomes is not known
    yield from (document for document in documents if isinstance(document, Map))


def _statements(policy: Map, subject: Subject) -> Iterator[Hit]:
    for node in select(policy, "statement"):
        for statement in flat(node):
            if isinstance(statement, Map) and (text_at(statement, "effect") or "Allow").lower() == "allow":
                yield from _statement(statement, subject)


def _statement(statement: Map, subject: Subject) -> Iterator[Hit]:
    if any(True for path in ("condition", "not_action", "not_resource") for _ in select(statement, path)):
        return
    actions = _texts(statement, "action", "actions")
    anyone = _anyone(statement)
    if anyone is not None:
        if subject.kind in _ENDPOINTS:
            yield Hit("policy-for-everybody", anyone.line, severity=Severity.LOW)
        elif actions and all(_READ_OBJECTS.match(action) for action in actions):
            yield Hit(
                "policy-for-everybody", anyone.line, message="Everybody may read the objects.", severity=Severity.LOW
            )
        else:
            yield Hit("policy-for-everybody", anyone.line)
    elif subject.kind not in _OF_ITSELF and not _has_principal(statement):
        everything = "*" in _texts(statement, "resource", "resources")
        if everything and actions & {"*", "*:*"}:
            yield Hit("admin-policy", statement.line)


def _has_principal(statement: Map) -> bool:
    return any(True for path in ("principal", "principals") for _ in select(statement, path))


def _anyone(statement: Map) -> Scalar | None:
    for node in select(statement, "principal"):
        for one in flat(node):
            if isinstance(one, Scalar) and one.value == "*":
                return one
    for path in ("principal.aws", "principals.identifiers"):
        for node in select(statement, path):
            for one in scalars(node):
                if one.value == "*" or (path.endswith("aws") and one.value == "arn:aws:iam::*:root"):
                    return one
    return None


def _texts(statement: Map, *paths: str) -> set[str]:
    return {one.text for path in paths for node in select(statement, path) for one in scalars(node) if one.literal}
