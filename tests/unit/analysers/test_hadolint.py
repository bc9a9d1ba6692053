"""hadolint: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import pytest
from support.analysing import examine, natives

from codereview.analysers.hadolint import Hadolint
from codereview.domain.sources import SourceFile


@pytest.mark.parametrize(
    ("path", "applies"),
    [
        ("Dockerfile", True),
        ("docker/Dockerfile.dev", True),
        ("Dockerfile.python-3.12", True),
        ("app.dockerfile", True),
        ("Containerfile", True),
        ("Containerfile.ci", True),
        ("dockerfile", True),
        ("Dockerfile.j2", False),
        ("Dockerfile.md", False),
        ("dockerfile.py", False),
        ("Dockerfiles/readme", False),
        ("docker-compose.yml", False),
    ],
)
def test_dockerfiles_are_known_by_their_names(path: str, applies: bool) -> None:
    """A template is not a Dockerfile yet, and a program about Dockerfiles never is."""
    assert Hadolint().applies_to(SourceFile(path=path, text="")) is applies


def test_a_finding_stands_at_the_first_line_of_its_instruction() -> None:
    """hadolint knows no more."""
    text = "FROM debian:12\n\nRUN true && \\\n    sudo ls\n"

    (finding,) = [f for f in examine(Hadolint(), {"Dockerfile": text}).findings if f.native_rule == "DL3004"]

    assert (finding.line, finding.end_line, finding.column) == (3, None, None)


def test_the_user_of_an_image_is_not_guessed_from_hunks() -> None:
    """A later line may change it."""
    text = "FROM debian:12\nUSER root\n"

    assert "DL3002" in natives(examine(Hadolint(), {"Dockerfile": text}))
    assert "DL3002" not in natives(examine(Hadolint(), {"Dockerfile": text}, sparse=True))
