"""The page about the test kit: its example runs, and it names every field there is."""

import re
from dataclasses import fields
from pathlib import Path

from codereview.testkit.exchange import Reply

PAGE = (Path(__file__).parents[3] / "docs" / "testkit.md").read_text()


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/testkit.md", "exec"), {})


def test_every_field_of_a_reply_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert {field.name for field in fields(Reply)} - told == set()
