"""Dockerfiles."""

import re
from collections.abc import Iterator
from itertools import accumulate

from codereview.analysers.infra.checks import shell
from codereview.analysers.infra.model import Hit
from codereview.analysers.infra.reading.dockerfile_reader import Instruction, instructions
from codereview.domain.findings import Severity
from codereview.secrets.naming import Kind, kind_of

_FLAG = re.compile(r"^--[a-z-]+(?:=\S*)?$")
_SECRET_FILE = re.compile(
    r"(?i)(?:^|/)(?:\.env(?:\.(?:prod(?:uction)?|local|staging|dev(?:elopment)?))?|id_(?:rsa|dsa|ecdsa"
    r"|ed25519)|\.pypirc|\.netrc"
    r"|\.git-credentials|\.pgpass|\.aws/credentials|service[-_]account[\w-]*\.json|credentials\.json"
    r"|kubeconfig|\.kube/config"
    r"|[\w-]*(?:private|secret|server|tls|ssl)[\w-]*\.key|[\w-]*\.(?:pfx|p12|ppk))$"
)
_NOT_ROOT = re.compile(r"(?i)non-?root|rootless|unprivileged|chainguard|bitnami/|jenkins/|keycloak|^scratch$")
_NO_PASSWORD = re.compile(r"ALL\s*=\s*\(?\s*ALL[^\n]{0,20}\)?\s*NOPASSWD\s*:\s*ALL")
_SECRET_KINDS = (Kind.PASSWORD, Kind.SECRET, Kind.TOKEN, Kind.KEY)


def look(text: str) -> Iterator[Hit]:
    """Everything in one Dockerfile."""
    found = instructions(text)
    for one in found:
        if one.name in ("RUN", "ENV", "ONBUILD"):
            yield from _commands(one)
        elif one.name in ("ADD", "COPY"):
            yield from _copied(one)
        elif one.name == "ARG":
            yield from _argument(one)
    yield from _user(found)


def _commands(one: Instruction) -> Iterator[Hit]:
    joined = " ".join(part.text.rstrip() for part in one.parts)
    for match in shell.PIPED.finditer(joined):
        rule = "docker-plain-download" if shell.PLAIN_URL.search(match[0]) else "docker-pipe-to-shell"
        yield Hit(rule, _line(one, match.end() - 1), message=f"`{match[0].split()[0]}` feeds a shell.")
    for rule, found in (
        ("docker-unverified-tls", shell.unverified(joined)),
        ("docker-world-writable", shell.world_writable(joined)),
        ("docker-sudo-without-password", _NO_PASSWORD.search(joined)),
    ):
        if found is not None:
            yield Hit(rule, _line(one, found.start()))


def _copied(one: Instruction) -> Iterator[Hit]:
    words = one.arguments.split()
    flags = [word for word in words if _FLAG.match(word)]
    sources = [word.strip("[]\"',") for word in words if not _FLAG.match(word)][:-1]
    if any(flag.startswith("--chmod=") and flag.rstrip("'\"").endswith("777") for flag in flags):
        yield Hit("docker-world-writable", one.line)
    if any(flag.startswith("--from") for flag in flags):
        return
    if any(_SECRET_FILE.search(source) for source in sources):
        yield Hit("docker-secret-file", one.line)
    if one.name == "ADD" and not any(flag.startswith("--checksum") for flag in flags):
        urls = [source for source in sources if source.startswith(("http://", "https://"))]
        if any(shell.PLAIN_URL.search(url) for url in urls):
            yield Hit("docker-plain-download", one.line)
        elif urls:
            yield Hit("docker-add-url", one.line)


def _argument(one: Instruction) -> Iterator[Hit]:
    for word in one.arguments.split():
        name, equals, value = word.partition("=")
        if kind_of(name) in _SECRET_KINDS and (not equals or value.strip("\"'") in ("", f"${name}", f"${{{name}}}")):
            yield Hit("docker-build-secret", one.line)


def _user(found: list[Instruction]) -> Iterator[Hit]:
    users: dict[str, bool] = {}
    last: Instruction | None = None
    stage = has_user = runs = False
    name = ""
    for one in found:
        if one.name == "FROM":
            words = [word for word in one.arguments.split() if not word.startswith("--")]
            base = words[0] if words else ""
            users[name] = has_user
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            has_user = users.get(base.lower(), False) or bool(_NOT_ROOT.search(base)) or "$" in base
            last, stage, runs = one, True, False
        elif one.name == "USER":
            has_user = True  # also root: that one asks for root is hadolint's to say
        elif one.name in ("CMD", "ENTRYPOINT"):
            runs = True
    if last is not None and stage and runs and not has_user:
        yield Hit("docker-no-user", last.line, severity=Severity.LOW)


def _line(one: Instruction, offset: int) -> int:
    ends = list(accumulate(len(part.text.rstrip()) + 1 for part in one.parts))
    return next((part.line for part, end in zip(one.parts, ends, strict=True) if offset < end), one.end_line)
