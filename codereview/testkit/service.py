"""The service behind the HTTP: who may ask, what a request gets, what it costs."""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codereview.domain.pricing import ModelSpec
from codereview.domain.tokens import Tokens
from codereview.language_model import UnknownModelPrice
from codereview.model_catalogue import ModelCatalogue
from codereview.testkit import wire
from codereview.testkit.exchange import Asked, Reply, Rule, Surface
from codereview.testkit.ledger import Entry, Ledger, bill
from codereview.testkit.prompt_cache import Admission, PromptCache
from codereview.testkit.rate_limits import Limits, RateLimiter
from codereview.testkit.validation import Refused, check


@dataclass
class Turn:
    """A request being answered: ``reply`` is cut to what fits, ``tokens`` is what it is billed once it has begun."""

    asked: Asked
    reply: Reply
    tokens: Tokens
    admission: Admission
    spec: ModelSpec
    recorded: bool = False

    @property
    def request_id(self) -> str:
        """Its name, as every answer carries it."""
        return f"req_{self.asked.number:06}"


class MessagesService:
    """Takes requests whatever way they came. Safe to share between threads."""

    def __init__(
        self,
        rule: Rule,
        catalogue: ModelCatalogue,
        *,
        keys: tuple[str, ...],
        minimum: int,
        clock: Callable[[], float],
        limits: Limits,
        ledger_file: Path | None,
    ) -> None:
        self.rule = rule
        self.ledger = Ledger(ledger_file)
        self.most_at_once = 0
        self.limiter = RateLimiter(limits, clock)
        self._catalogue = catalogue
        self._keys = keys
        self._cache = PromptCache(clock, minimum=minimum)
        self._lock = threading.Lock()
        self._now = self._asked = 0
        self._attempts: Counter[str] = Counter()

    @property
    def models(self) -> list[ModelSpec]:
        """All models there are."""
        return list(self._catalogue.specs.values())

    def authorise(self, header: str) -> str:
        """The key a header carries; any will do when the server was told none. Raises Refused."""
        key = header.removeprefix("Bearer ").strip()
        if not key:
            raise Refused(401, "x-api-key header is required")
        if self._keys and key not in self._keys:
            raise Refused(401, "invalid x-api-key")
        return key

    def spec(self, model: str, surface: Surface = "messages") -> ModelSpec:
        """The model of this name; the clouds have names of their own. Raises Refused."""
        try:
            found = self._catalogue.spec(model)
        except UnknownModelPrice:
            raise Refused(404, f"model: {model}") from None
        if surface in ("messages", "batch") and model not in (found.id, *found.aliases):
            raise Refused(404, f"model: {model}")
        return found

    def check(self, body: Mapping[str, Any], surface: Surface, *, counting: bool = False) -> ModelSpec:
        """Look a request over. Raises Refused."""
        if not isinstance(body.get("model"), str):
            raise Refused(400, "model: Field required")
        spec = self.spec(body["model"], surface)
        check(body, spec, surface=surface, counting=counting)
        return spec

    @contextmanager
    def turn(self, body: Mapping[str, Any], headers: Mapping[str, str], key: str, surface: Surface) -> Iterator[Turn]:
        """Answer a request within it; its cost is in the ledger before a client can see the answer. Raises Refused."""
        spec = self.check(body, surface)
        wait = self.limiter.enter() if surface != "batch" else None
        asked = self._enter(body, headers, surface)
        turn = Turn(asked, Reply(status=429, error="rate_limit_error"), Tokens(), Admission(Tokens()), spec)
        try:
            if wait is not None:
                told = {"retry-after": f"{wait:.0f}"}
                turn.reply = replace(turn.reply, message="This request would exceed your rate limit.", headers=told)
            else:
                turn.admission = self._cache.admit(body, key)
                turn.reply = self.rule(asked)
            if turn.reply.answers:
                self._price(turn)
            else:
                self._record(turn, Tokens())
            yield turn
        finally:
            if not turn.recorded:
                self._record(turn, Tokens())
            with self._lock:
                self._now -= 1

    def begin(self, turn: Turn) -> None:
        """Its answer begins, and with it the bill."""
        self._cache.begun(turn.admission)
        self._record(turn, turn.tokens)

    def _price(self, turn: Turn) -> None:
        prompt, limit = turn.admission.tokens, int(turn.asked.body["max_tokens"])
        reply = turn.reply if turn.asked.thinks else replace(turn.reply, thinking="", thinking_tokens=0)
        room = turn.spec.context_tokens - prompt.total
        turn.reply = wire.fitted(reply, limit, room)
        turn.tokens = replace(prompt, output=wire.output_tokens(turn.reply, min(limit, room)))

    def _enter(self, body: Mapping[str, Any], headers: Mapping[str, str], surface: Surface) -> Asked:
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        with self._lock:
            self._asked += 1
            self._attempts[digest] += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            return Asked(body, headers, self._asked, self._attempts[digest], surface)

    def _record(self, turn: Turn, tokens: Tokens) -> None:
        turn.recorded = True
        self.limiter.use(tokens.prompt - tokens.cache_read, tokens.output)
        cost = bill(turn.spec, tokens, batch=turn.asked.surface == "batch")
        self.ledger.add(Entry(turn.asked, turn.reply, tokens, cost))
