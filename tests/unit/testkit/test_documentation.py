"""The example of the test kit's page is run as it stands there."""

import re
from dataclasses import fields
from pathlib import Path

from codereview.testkit.exchange import Reply

PAGE = (Path(__file__).parents[3] / "docs" / "testkit.md").read_text("utf-8")


def test_the_example_of_the_page_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/testkit.md", "exec"), {"__name__": "example"})


def test_the_page_names_all_that_a_reply_can_do() -> None:
    """What is told of thinking includes how much of it is counted."""
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {field.name for field in fields(Reply)} - named == {"thinking_tokens"}
