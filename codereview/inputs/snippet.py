"""A snippet: code without a place on a disk."""

from codereview.domain.sources import Sources
from codereview.errors import EmptySubmission
from codereview.inputs.intake import Intake
from codereview.inputs.limits import DEFAULT_LIMITS, Limits
from codereview.inputs.safe_paths import normal_path
from codereview.syntax.languages import extension_of
from codereview.syntax.telltales import language_by_words


def read_snippet(code: str | bytes, filename: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Sources:
    """One file with this code. Without a name it is called after the language the code looks like: ``snippet.py``,
    or ``snippet.txt`` when it looks like none.

    Raises EmptySubmission for nothing or white space, InvalidSubmission and OutsideRoot for a bad name.
    """
    if not code.strip():
        raise EmptySubmission("the snippet is empty")
    path = normal_path(filename) if filename is not None else snippet_name(code)
    intake = Intake(limits, refuse_excess=True)
    intake.offer(path, code, on_purpose=True)
    return intake.sources(f"snippet {path}")


def snippet_name(code: str | bytes) -> str:
    """The name for code that came without one."""
    text = code.decode("utf-8", "replace") if isinstance(code, bytes) else code
    return f"snippet.{extension_of(_language(text))}"


def _language(text: str) -> str:
    try:
        from codereview.syntax.guessing import guess_language  # noqa: PLC0415  where there are grammars to guess by
    except ImportError:  # a function that only hands over what it is given carries none
        return language_by_words(text)
    return guess_language(text)
