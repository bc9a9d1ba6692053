"""Whatever the text, the search answers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereview.domain.sources import SourceFile
from codereview.secrets.searching import search

_PATHS = st.sampled_from(["a.py", "a.js", "a.yaml", ".env", "Dockerfile", "a.sh", "a.xml", "a.md", "main.tf", "a.json"])
_SOUP = [
    *"password= password: secret token api_key ( ) [ ] { } < > </ @ :// - -- -p -u # // \" ' ` = == := : => ,".split(),  # noqa: SIM905
    *"postgres://a:b@c eyJhbGciOiJub25lIn0.eyJhIjoxfQ.abcdefghij Basic Bearer Authorization: curl value".split(),  # noqa: SIM905
    *"kind: Secret data: AccountKey= ${X} %(x)s hunter2! Zm9vOmJhcg== AKIA ghp_ é 𝒳".split(),  # noqa: SIM905
    "-----BEGIN PRIVATE KEY-----",
    "\n",
    "\\",
    " ",
]


def _check(path: str, text: str) -> None:
    file = SourceFile(path=path, text=text)
    lines = file.lines
    for found in search(file):
        assert 1 <= found.line <= len(lines)
        assert 1 <= found.start < found.end <= len(lines[found.line - 1]) + 1


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_PATHS, st.text(max_size=300) | st.lists(st.sampled_from(_SOUP), max_size=40).map("".join))
def test_no_text_makes_it_fail(path: str, text: str) -> None:
    """Every finding stands within its line."""
    _check(path, text)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=5_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_PATHS, st.text(max_size=300) | st.lists(st.sampled_from(_SOUP), max_size=60).map("".join))
def test_no_soup_of_tokens_makes_it_fail(path: str, text: str) -> None:
    """Half-valid text reaches further than random characters do."""
    _check(path, text)
