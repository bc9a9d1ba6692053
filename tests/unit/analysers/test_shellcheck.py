"""shellcheck: what is its own, beyond what every tool keeps to (tests/contract/test_analysers.py)."""

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.shellcheck import Shellcheck


def test_columns_count_characters_and_a_tab_is_one() -> None:
    """Not the columns of a terminal."""
    text = '#!/bin/bash\n\techo "é𝒳" $@\n'

    (finding,) = examine(Shellcheck(), {"a.sh": text}, agent="bug").findings

    assert quoted(finding, text) == "$@"


@pytest.mark.parametrize("path", ["a.sh", "a.bash", "a.ksh", "a.dash", "A.SH"])
def test_shell_is_known_by_its_extension(path: str) -> None:
    """Of the shells shellcheck understands."""
    assert natives(examine(Shellcheck(), {path: "rm $@\n"}, agent="bug")) == ["SC2068"]


def test_a_script_without_an_extension_is_examined() -> None:
    """The input recognised it by its first line."""
    report = examine(Shellcheck(), {"configure": "#!/bin/sh\nrm $@\n"}, agent="bug", language="shell")

    assert natives(report) == ["SC2068"]


def test_a_script_for_another_shell_is_unsupported_not_clean() -> None:
    """shellcheck refuses zsh and fish."""
    report = examine(Shellcheck(), {"a.sh": "#!/bin/zsh\nrm $@\n"}, agent="bug")

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.sh", "unsupported")]
    assert report.examined == frozenset()


def test_remarks_of_the_parser_on_a_script_it_does_parse_are_no_problem() -> None:
    """Only the last word of a failed parse is."""
    report = examine(Shellcheck(), {"a.sh": "#!/bin/bash\na=(1)\necho $a[0]\n"}, agent="bug")

    assert "SC1087" in natives(report)
    assert report.examined == {"a.sh"}


def test_other_files_are_not_followed() -> None:
    """Neither those of the batch nor those of this machine."""
    report = examine(
        Shellcheck(),
        {"a.sh": "#!/bin/bash\n# shellcheck source=/etc/profile\n. /etc/profile\nsource ./b.sh\n"},
        beside={"b.sh": "#!/bin/bash\nrm $@\n"},
        agent="bug",
    )

    assert report.findings == ()
    assert report.examined == {"a.sh"}


def test_a_variable_that_may_be_set_in_a_line_not_given_is_no_finding() -> None:
    """Only the hunks of the diff are known."""
    text = "#!/bin/bash\nfoo=1\necho $foo $fooo\n"

    whole = natives(examine(Shellcheck(), {"a.sh": text}, agent="bug"))
    hunks = natives(examine(Shellcheck(), {"a.sh": text}, agent="bug", sparse=True))

    assert set(whole) - set(hunks) == {"SC2154"}


def test_a_command_that_swallows_the_input_of_a_loop_is_reported_once() -> None:
    """shellcheck remarks on the loop as well; the command is what has to change."""
    text = '#!/bin/bash\nwhile read -r host; do\n  ssh "$host" uptime\ndone < hosts.txt\n'

    (finding,) = examine(Shellcheck(), {"a.sh": text}, agent="bug").findings

    assert (finding.native_rule, finding.line) == ("SC2095", 3)


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("PAGER=cat git log", []),
        ("  LC_ALL=C GIT_PAGER=cat git log", []),
        ("today=date +%F", ["SC2209"]),
        ("content=cat notes.txt", ["SC2209"]),
        ("TODAY=date; echo $TODAY", ["SC2209"]),
    ],
)
def test_a_program_named_for_one_command_is_no_forgotten_substitution(line: str, reported: list[str]) -> None:
    """PAGER=cat before a command is how it is done."""
    found = natives(examine(Shellcheck(), {"a.sh": f"#!/bin/bash\n{line}\n"}, agent="bug"))

    assert [native for native in found if native == "SC2209"] == reported
