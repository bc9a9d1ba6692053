"""What of a file is commentary."""

import pytest

from codereview.domain.sources import SourceFile
from codereview.planning.commentary import commentary

PYTHON = '''"""What
it is."""
# said
x = 1  # said beside
y = """a value
of two lines"""


def f():
    """Documentation."""
    return x
'''
SCRIPT = """/* said
   here */
const x = 1; // said beside
// said
/* said */ f(x);
"""


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("python", PYTHON, {1, 2, 3, 10}),
        ("javascript", SCRIPT, {1, 2, 4}),
        ("ruby", "# said\nputs 1 # beside\n", {1}),
        ("go", "package a\n// said\nvar x = 1\n", {2}),
        ("java", "/** Said. */\nclass A {}\n", {1}),
        ("python", "def (:\n# said\n", {2}),
    ],
)
def test_lines_with_nothing_but_comments_or_documentation(language: str, text: str, lines: set[int]) -> None:
    """Strings that are values are code, and so is a line with code beside its comment."""
    assert commentary(SourceFile(path="file", text=text, language=language)) == lines
