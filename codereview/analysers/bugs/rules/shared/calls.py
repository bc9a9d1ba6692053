"""What the rules about calls share."""

from codereview.analysers.bugs.model.definitions import Function
from codereview.analysers.bugs.model.signatures import Signature


def signatures_of(function: Function, *, bound: bool) -> list[Signature]:
    """What a call may look like; none when that is not certain."""
    if not function.transparent or function.kind == "property":
        return []
    if bound and any(not s.positional and not s.vararg for s in function.signatures):
        return []  # a method without self is reported where it is defined
    return [s.without_first() if bound and s.positional else s for s in function.signatures]
