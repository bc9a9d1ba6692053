"""Compose services and Kubernetes objects, where a value alone does not tell."""

import re
from collections.abc import Iterator

from codereview.analysers.infra.model import Hit, Subject
from codereview.analysers.infra.reading.tree import Map, Node, Scalar, entries, flat, is_true, scalars, select, text_at
from codereview.domain.findings import Severity

_SOCKET = re.compile(r"(?:docker|containerd|podman|crio)\.sock$")
_HOST_PATH = re.compile(
    r"^(?:/|/(?:etc|root|boot|proc|sys|dev|run|var/run|usr|bin|sbin|lib|home|var/lib/(?:docker|containerd|kubelet))/?"
    r"|/root/.*|/etc/(?:shadow|passwd|sudoers|ssh|kubernetes|cron).*|(?:~|\$HOME|\$\{HOME\})/\.(?:ssh|aws"
    r"|kube|gnupg)(?:/.*)?)$"
)


def compose(subject: Subject) -> Iterator[Hit]:
    """One service of a Compose file."""
    if subject.kind != "compose.service":
        return
    for node in select(subject.node, "volumes"):
        for volume in flat(node):
            yield from _volume(volume)
    image = next(iter(entries(subject.node, "image")), None)
    if (
        image is not None
        and subject.node.get("build") is None
        and isinstance(image.node, Scalar)
        and image.node.text.endswith(":latest")
    ):
        yield Hit("compose-latest-image", image.line)


def _volume(volume: Node) -> Iterator[Hit]:
    if isinstance(volume, Scalar):
        source, _, rest = volume.text.partition(":")
        read_only = rest.endswith(":ro") or ":ro," in rest
        named = not rest
    elif isinstance(volume, Map):
        source, named = text_at(volume, "source"), text_at(volume, "type") not in ("bind", "")
        read_only = is_true(volume, "read_only")
    else:
        return
    if named or not volume.line:
        return
    hit = None
    if _SOCKET.search(source):
        hit = Hit("compose-docker-socket", volume.line)
    elif _HOST_PATH.match(source):
        hit = Hit("compose-host-path", volume.line)
    if hit is not None:
        yield hit.at_most(Severity.LOW) if read_only else hit


def kubernetes(subject: Subject) -> Iterator[Hit]:
    """One object of a Kubernetes manifest, or a container in it."""
    if subject.kind in ("k8s.ClusterRole", "k8s.Role"):
        yield from _role(subject)
    if subject.kind == "k8s.container" and not any(True for _ in select(subject.node, "resources.limits.memory")):
        resources = next(iter(entries(subject.node, "resources")), None)
        if resources is None or isinstance(resources.node, Map):
            yield Hit("kubernetes-no-limits", resources.line if resources else subject.line)


def _role(subject: Subject) -> Iterator[Hit]:
    for node in select(subject.node, "rules"):
        for rule in flat(node):
            if all("*" in _texts(rule, path) for path in ("verbs", "resources")) and _texts(rule, "api_groups") & {
                "*",
                "",
            }:
                hit = Hit("kubernetes-wildcard-role", rule.line)
                yield hit.at_most(Severity.MEDIUM) if subject.kind == "k8s.Role" else hit


def _texts(node: Node, path: str) -> set[str]:
    return {one.text for found in select(node, path) for one in scalars(found) if one.literal}
