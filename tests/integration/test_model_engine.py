"""Claude through everything: HTTP, real Celery workers in processes of their own, one Redis, one bill."""

import os
from collections.abc import Callable, Iterator

import pytest
from support.deployment import Deployment
from support.reading_model import Question, ReadingModel
from support.redis_process import RedisProcess

from codereview.adapters.model_catalogue import load_catalogue
from codereview.bootstrap import build
from codereview.config import load_settings
from codereview.domain.coverage import SkipReason
from codereview.domain.findings import Confidence, FindingStatus
from codereview.domain.reviews import Outcome, Review, ReviewOptions
from codereview.domain.submission import Submission, SubmittedFile
from codereview.domain.usage import usage_of
from codereview.testkit.exchange import Reply
from codereview.testkit.messages_server import MessagesServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Claude:
    """A deployment with workers of four processes each, and the server they ask."""

    def __init__(self, deployment: Deployment, server: MessagesServer) -> None:
        self.deployment = deployment
        self.server = server

    def asks(self, rule: Callable[..., Reply]) -> None:
        """From now on this answers; the ledger is empty, and nothing is held against any model."""
        client = self.deployment.service.redis
        for key in client.scan_iter("breaker:*"):
            client.delete(key)
        self.server.rule = rule
        self.server.entries.clear()

    def review(self, files: dict[str, str], *, within_s: float = 60, **options: object) -> Review:
        """Submit and wait for the end."""
        submitted = tuple(SubmittedFile(path=path, text=text) for path, text in files.items())
        submission = Submission(files=submitted, options=ReviewOptions.model_validate(options))
        return self.deployment.ended(self.deployment.service.service.submit(submission).id, within_s=within_s)


@pytest.fixture(scope="module")
def claude(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Claude]:
    redis, directory = RedisProcess(tmp_path_factory.mktemp("redis")), tmp_path_factory.mktemp("claude")
    redis.start()
    with MessagesServer(ReadingModel(), load_catalogue()) as server:
        env = {
            "CODEREVIEW_REDIS_URL": redis.url,
            "CODEREVIEW_DATA_DIR": str(directory / "data"),
            "CODEREVIEW_MODEL_PROVIDER": "anthropic",
            "CODEREVIEW_MODEL_FALLBACKS": "claude-opus-5-5",
            "CODEREVIEW_ANTHROPIC_BASE_URL": server.url,
            "CODEREVIEW_MODEL_UNIT_BYTES": "45000",
            "CODEREVIEW_MODEL_MAX_WAIT_S": "1",
            "CODEREVIEW_UNCLAIMED_AFTER_S": "3",
            "ANTHROPIC_API_KEY": "key",
        }
        before = dict(os.environ)
        os.environ.update(env)
        deployment = Deployment(redis, directory, env, build(load_settings()), [])
        try:
            deployment.start_workers("security", "bug", "coordinator", scripted=False, concurrency=4)
            yield Claude(deployment, server)
        finally:
            deployment.stop()
            redis.stop()
            os.environ.clear()
            os.environ.update(before)


def module(name: str, functions: int = 30, defects: int = 1) -> str:
    """A Python file of about ``functions`` x 9 lines, with so many defects, each its own."""
    ordinary = (
        f"\ndef {name}_{number}(orders, limit):\n"
        f'    """Orders of kind {number} in {name}, the largest first."""\n'
        f"    chosen = [order for order in orders if order.kind == {number}]\n"
        f"    ranked = sorted(chosen, key=lambda order: order.total, reverse=True)\n"
        f"    shown = [f'{{order.name}}: {{order.total}}' for order in ranked[:limit]]\n"
        f"    return shown\n"
        for number in range(functions)
    )
    wrong = (
        f"\ndef {name}_mean_{number}(orders):\n    total_{number} = sum(order.total for order in orders)\n"
        f"    return total_{number} / len(orders)\n"
        for number in range(defects)
    )
    return "".join((f'"""The module {name}."""\n', *ordinary, *wrong))


def test_candidates_are_confirmed_and_the_bill_is_the_servers(claude: Claude) -> None:
    """To the nano-dollar, over two agents and many processes."""
    claude.asks(ReadingModel())
    review = claude.review({"shop.py": module("shop", defects=2)})
    assert [(f.status, f.confidence, f.agent) for f in review.findings if f.rule_id == "claude/logic"] == [
        (FindingStatus.CONFIRMED, Confidence.HIGH, "bug")
    ] * 2
    assert (review.engine, review.model_ran, review.outcome) == ("static+claude", True, Outcome.COMPLETE)
    assert review.metrics.usage == usage_of(claude.server.spend)
    types = claude.deployment.types(review.id)
    assert types.count("finding_updated") >= 2
    assert "usage" in types


def test_most_of_what_twelve_batches_read_comes_from_the_cache(claude: Claude) -> None:
    """One call a chunk writes the prefix; the other lenses and the verifiers, of both agents, read it."""
    claude.asks(ReadingModel())
    files = {f"part{n}/mod{n}.py": module(f"mod{n}", functions=130) for n in range(12)}
    review = claude.review(files, within_s=150, budget_usd=50)
    tokens = claude.server.spend.tokens
    share = tokens.cache_read / tokens.prompt
    assert review.outcome is Outcome.COMPLETE
    assert review.metrics.units == 24
    print(f"{share:.1%} of {tokens.prompt:,} tokens were read from the cache")
    assert share >= 0.8, f"{share:.1%} of {tokens.prompt:,} tokens"


def test_unchanged_code_is_not_asked_about_again(claude: Claude) -> None:
    claude.asks(ReadingModel())
    files = {"again.py": module("again")}
    first = claude.review(files)
    calls = len(claude.server.entries)
    second = claude.review(files)
    assert len(claude.server.entries) == calls
    assert second.findings == first.findings
    assert (second.model_ran, second.metrics.usage.cost_usd) == (True, 0.0)


def test_eight_processes_never_spend_more_than_the_budget(claude: Claude) -> None:
    """The partial result says what was left out, and the bill is still exact."""
    claude.asks(ReadingModel())
    files = {f"b{n}/budget{n}.py": module(f"budget{n}", functions=60) for n in range(16)}
    review = claude.review(files, within_s=120, budget_usd=0.3)
    spend = claude.server.spend
    assert spend.nano_usd <= 300_000_000
    assert spend.nano_usd > 150_000_000, "money is set aside only for as long as a call lasts"
    assert review.metrics.usage == usage_of(spend)
    assert review.outcome is Outcome.PARTIAL
    assert any(entry.reason is SkipReason.BUDGET and "budget" in entry.detail for entry in review.coverage)


def test_a_stream_that_breaks_loses_nothing_but_its_own_rest(claude: Claude) -> None:
    cut = set()

    def meddle(question: Question, reply: Reply) -> Reply:
        if question.task == "find" and '"title"' in reply.text and question.fence not in cut:
            cut.add(question.fence)
            return Reply(reply.text, cut_at=reply.text.index("line", reply.text.index('"title"', 400) + 1))
        return reply

    claude.asks(ReadingModel(meddle=meddle))
    review = claude.review({"broken.py": module("broken", defects=4)})
    assert len([f for f in review.findings if f.rule_id == "claude/logic"]) == 4
    assert review.outcome is Outcome.COMPLETE
    assert review.metrics.usage.requests == claude.server.spend.requests


def test_an_overloaded_model_is_replaced(claude: Claude) -> None:
    def meddle(question: Question, reply: Reply) -> Reply:
        overloaded = Reply(status=529, error="overloaded_error")
        return overloaded if question.asked.model == "claude-sonnet-5-5" else reply

    claude.asks(ReadingModel(meddle=meddle))
    review = claude.review({"over.py": module("over")})
    assert review.outcome is Outcome.COMPLETE
    assert any("claude claude-opus-5-5" in agent.engines for agent in review.agents)


def test_a_rate_limit_sends_the_unit_back_to_the_queue(claude: Claude) -> None:
    """The worker is free meanwhile; what was answered before is not asked again."""
    limited = [0]

    def meddle(question: Question, reply: Reply) -> Reply:
        if question.task == "disprove" and limited[0] < 1:
            limited[0] += 1
            return Reply(status=429, error="rate_limit_error", headers={"retry-after": "3"})
        return reply

    claude.asks(ReadingModel(meddle=meddle))
    review = claude.review({"limited.py": module("limited")}, within_s=90, agents=("bug",))
    assert review.outcome is Outcome.COMPLETE
    assert [f.status for f in review.findings if f.rule_id == "claude/logic"] == [FindingStatus.CONFIRMED]
    assert review.metrics.attempts == 1, "waiting is no failed attempt"


def test_a_model_that_refuses_leaves_a_review_that_says_so(claude: Claude) -> None:
    claude.asks(lambda _: Reply("", stop_reason="refusal", category="cyber"))
    review = claude.review({"refused.py": module("refused") + "import os\nos.system(input())\n"})
    assert review.outcome is Outcome.PARTIAL
    assert {entry.reason for entry in review.coverage} == {SkipReason.REFUSAL}
    assert any(f.rule_id.startswith("dataflow/") for f in review.findings), "the tools are not affected"
