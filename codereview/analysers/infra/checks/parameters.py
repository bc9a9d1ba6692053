"""Parameters of CloudFormation templates."""

from collections.abc import Iterator

from codereview.analysers.infra.model import Hit, Subject
from codereview.analysers.infra.reading.tree import is_true, text_at
from codereview.secrets.naming import Kind, kind_of


def look(subject: Subject) -> Iterator[Hit]:
    """One parameter."""
    if (
        subject.kind == "cloudformation.parameter"
        and kind_of(subject.name) in (Kind.PASSWORD, Kind.SECRET, Kind.TOKEN)
        and text_at(subject.node, "type") == "String"
        and not is_true(subject.node, "no_echo")
    ):
        yield Hit("shown-parameter", subject.line)
