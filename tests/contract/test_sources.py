"""The code of running reviews: stored by batch, found again as it was, gone in the end."""

import time
from collections.abc import Callable

from support.live import Live

from codereview.domain.coverage import CoverageEntry, CoverageState, SkipReason
from codereview.domain.sources import Batch, LineRange, SourceFile

MakeLive = Callable[..., Live]


def a_batch(batch_id: str = "b0", text: str = "x = 1\r\n") -> Batch:
    """A batch with a bit of everything."""
    file = SourceFile(path="ä/x.py", text=text, language="python", changed=(LineRange(start=1, end=1),))
    return Batch(id=batch_id, files=(file,), context=(SourceFile(path="y.py", text=""),))


def a_skip(path: str) -> CoverageEntry:
    """A file that was left out."""
    return CoverageEntry(path=path, state=CoverageState.SKIPPED, reason=SkipReason.BINARY, detail="an image")


def test_a_batch_comes_back_as_it_was(live: Live) -> None:
    """Line endings, empty files, and every kind of text."""
    batches = [a_batch("b0"), a_batch("b1", "a\x00b\t\x0c 𝄞 \u2028 'q' \"\\\n" * 50), a_batch("facts"), a_batch("")]
    live.sources.put("rv_1", batches)
    assert [live.sources.get("rv_1", batch.id) for batch in batches] == batches


def test_what_was_not_stored_is_not_there(live: Live) -> None:
    """Neither another batch nor another review's."""
    live.sources.put("rv_1", [a_batch("b0")])
    assert live.sources.get("rv_1", "b1") is None
    assert live.sources.get("rv_2", "b0") is None
    assert live.sources.facts("rv_1") == []
    assert live.sources.facts("rv_2") == []


def test_storing_more_adds_and_storing_again_replaces(live: Live) -> None:
    """A submission may be stored in parts, and a part again after a lost reply."""
    live.sources.put("rv_1", [a_batch("b0"), a_batch("b1")])
    live.sources.put("rv_1", [a_batch("b1", "y = 2\n"), a_batch("b2")])
    live.sources.put("rv_1", [])
    assert live.sources.get("rv_1", "b0") == a_batch("b0")
    assert live.sources.get("rv_1", "b1") == a_batch("b1", "y = 2\n")
    assert live.sources.get("rv_1", "b2") == a_batch("b2")


def test_batches_may_come_one_by_one(live: Live) -> None:
    """A planner need not have them all at once; megabytes are no matter."""
    live.sources.put("rv_1", (a_batch(f"b{n}", f"line {n} = {n * n}\n" * 20_000) for n in range(12)))
    for n in (0, 7, 11):
        assert live.sources.get("rv_1", f"b{n}") == a_batch(f"b{n}", f"line {n} = {n * n}\n" * 20_000)


def test_what_was_left_out_is_kept_in_order(live: Live) -> None:
    """It is reported at the end; the last telling stands."""
    live.sources.put_facts("rv_1", [a_skip("old")])
    facts = [a_skip("b.png"), a_skip("a.png")]
    live.sources.put_facts("rv_1", facts)
    assert live.sources.facts("rv_1") == facts


def test_a_batch_called_like_the_facts_is_not_mistaken_for_them(live: Live) -> None:
    """Names of batches are the planner's."""
    live.sources.put("rv_1", [a_batch("facts")])
    live.sources.put_facts("rv_1", [a_skip("a.png")])
    assert live.sources.get("rv_1", "facts") == a_batch("facts")
    assert live.sources.facts("rv_1") == [a_skip("a.png")]


def test_code_is_not_kept_longer_than_needed(make_live: MakeLive) -> None:
    """Somebody else's source code expires with its review."""
    live = make_live(ttl_s=0.05)
    live.sources.put("rv_1", [a_batch()])
    live.sources.put_facts("rv_1", [a_skip("a.png")])
    time.sleep(0.06)
    assert live.sources.get("rv_1", "b0") is None
    assert live.sources.facts("rv_1") == []
