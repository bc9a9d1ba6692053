"""What a file is for, as far as its path tells."""

import re

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|testsuite|__tests__|specs?|e2e|fixtures?|test_?data|t)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.(?:py|go|rb|java|kt)$|\.(?:test|spec)\.[cm]?[jt]sx?$"
)
_JAVA = re.compile(r"[a-z0-9](?:Tests?|IT)\.(?:java|kt)$")
_SHOWN = re.compile(r"(?:^|/)(?:examples?|docs?|samples?|demos?|benchmarks?)/")


def is_test(path: str) -> bool:
    """Whether the file is a test's: nothing in it is in use."""
    return _TEST.search(path.lower()) is not None or _JAVA.search(path) is not None


def is_for_show(path: str) -> bool:
    """Whether the file is a test's, an example or documentation: no attacker reaches it."""
    return is_test(path) or _SHOWN.search(path.lower()) is not None
