"""Code beside its findings: what a finding masks stays masked."""

from support.builders import a_finding

from codereview.application.showing import as_quoted
from codereview.domain.sources import SourceFile


def test_a_line_that_holds_a_secret_is_shown_as_the_finding_quotes_it() -> None:
    """Who may see the review need not see the secret."""
    file = SourceFile(path="app.py", text='import x\nkey = "abcdefgh12345678"\n')
    finding = a_finding(path="app.py", start_line=2, snippet='key = "ab********"', cwe=798)
    assert as_quoted(file, [finding]).text == 'import x\nkey = "ab********"\n'


def test_other_lines_and_files_stay_as_they_are() -> None:
    """Also where a finding quotes more lines than the file has."""
    file = SourceFile(path="app.py", text="a\nb")
    others = [a_finding(path="b.py", start_line=1, snippet="*"), a_finding(path="app.py", start_line=2, snippet="b\n*")]
    assert as_quoted(file, others) == file
