"""The form of answers, and cutting a stream into its parts."""

import json

from hypothesis import given
from hypothesis import strategies as st

from codereview.agents.answers import PARTS, Answer, PartStream, schema

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
PART = st.dictionaries(st.text(max_size=5), JSON, max_size=4)


@given(
    st.dictionaries(st.sampled_from([*PARTS, 'od"d{']), st.lists(PART, max_size=4), max_size=4),
    st.integers(1, 30),
    st.booleans(),
)
def test_every_part_comes_out_once_however_the_text_is_cut(
    answer: dict[str, list[object]], size: int, ascii_only: bool
) -> None:
    """Braces and quotes within strings, escapes and nesting change nothing."""
    text = json.dumps(answer, ensure_ascii=ascii_only)
    stream = PartStream()
    found = [part for start in range(0, len(text), size) for part in stream.feed(text[start : start + size])]
    expected = [(key, part) for key, parts in answer.items() for part in parts]
    assert [json.loads(part) for _, part in found] == [part for _, part in expected]
    assert [key for key, _ in found if "\\" not in json.dumps(key)] == [
        key for key, _ in expected if "\\" not in json.dumps(key)
    ]
    assert stream.ended


@given(st.lists(PART, min_size=1, max_size=4), st.data())
def test_of_an_answer_that_breaks_off_the_whole_parts_are_kept(parts: list[object], data: st.DataObject) -> None:
    text = json.dumps({"findings": parts})
    cut = data.draw(st.integers(0, len(text) - 1))
    stream = PartStream()
    found = [json.loads(part) for _, part in stream.feed(text[:cut])]
    assert found == parts[: len(found)]
    assert not stream.ended


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    PartStream().feed(text)


def test_a_part_is_out_the_moment_its_brace_closes() -> None:
    """People see a finding before the next one is written."""
    stream = PartStream()
    assert stream.feed('{"findings": [{"title": "a"') == []
    assert stream.feed("}") == [("findings", '{"title": "a"}')]


def test_the_schema_asks_for_every_list() -> None:
    form = schema()
    assert form["required"] == ["findings", "assessments", "edits", "addressed_to_reviewer"]
    assert set(form["properties"]) == set(form["required"])
    assert Answer.model_validate({"findings": [], "assessments": []}) == Answer()
