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


_ROOT = "FROM debian:12 AS build\nUSER root\n"


@pytest.mark.parametrize(
    ("rest", "runs_as_root"),
    [
        ("", True),
        ("FROM debian:12\nUSER app\n", True),
        ('FROM build\nCMD ["/app"]\n', True),
        ('FROM build AS next\nFROM next\nCMD ["/app"]\n', True),
        ("FROM build\nUSER app\n", False),
        ("FROM build AS next\nFROM next\nUSER app\n", False),
        ("FROM debian:12\nCOPY --from=build /app /app\nUSER app\n", False),
        ("FROM debian:12\nCOPY --from=0 /app /app\nUSER app\n", False),
        ("FROM debian:12\nRUN --mount=type=bind,from=build,target=/src make\nUSER app\n", False),
        ("FROM build\nFROM debian:12\nCOPY --from=build /app /app\nUSER app\n", True),
    ],
)
def test_a_stage_may_be_root_when_no_image_keeps_that_user(rest: str, runs_as_root: bool) -> None:
    """Builders are root and are left behind; a stage nobody takes from is a target of its own."""
    reported = natives(examine(Hadolint(), {"Dockerfile": f"{_ROOT}{rest}"}))

    assert ("DL3002" in reported) is runs_as_root


@pytest.mark.parametrize(
    ("instruction", "reported"),
    [
        ("HEALTHCHECK CMD curl -f http://localhost || exit 1", []),
        ("CMD curl -f http://localhost || exit 1", ["DL3025"]),
        ("RUN dpkg -l | sort", ["DL4006"]),
        ("RUN set -eux -o pipefail; dpkg -l | sort", []),
        ("RUN dpkg -l && \\\n  bash -euo pipefail -c 'dpkg -l | sort'", []),
        ("RUN set -eu; echo pipefail | sort", ["DL4006"]),
    ],
)
def test_what_an_instruction_says_itself_is_heard(instruction: str, reported: list[str]) -> None:
    """hadolint looks for SHELL alone, and at the CMD of a health check as at the image's own."""
    assert natives(examine(Hadolint(), {"Dockerfile": f"FROM debian:12\n{instruction}\n"}, agent="bug")) == reported
