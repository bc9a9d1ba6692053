"""What a review would cost, before it is asked for: the same cutting and planning as the review, without the calls."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from codereview.agents.prompts import part
from codereview.application.model.asking import Desk
from codereview.application.model.reviewing import ModelReviewer
from codereview.domain.estimate import Estimate
from codereview.domain.pricing import ModelSpec
from codereview.domain.reviews import ReviewOptions
from codereview.domain.sources import Batch
from codereview.domain.tokens import NANO, Tokens
from codereview.planning.chunks import Chunk, readable

#: What a call is expected to need, in tokens: its own task, and its answer with the thought before it. Verifiers and
#: fixers are expected for every other chunk; most code is right.
_TASK, _FOUND, _VERIFIED, _FIXED = 700, 1_800, 900, 1_500
_CHUNKS_WITH_CANDIDATES = 0.5


@dataclass(frozen=True)
class Estimator:
    """Estimates reviews. ``reviewer`` is None where no model is configured."""

    reviewer: ModelReviewer | None

    def estimate(self, batches: Iterable[Batch], options: ReviewOptions) -> Estimate:
        """The forecast for these batches. Answers kept from earlier reviews, which cost nothing, are not foreseen."""
        batches = list(batches)
        files = sum(len(batch.files) for batch in batches)
        if self.reviewer is None:
            return Estimate(files=files, notes=("No model is configured: static analysis only, at no cost.",))
        desk = self.reviewer.desk
        sums, most = _Sums(), 0
        for batch in batches:
            asked = [file for file in batch.files if readable(file)]
            pieces = self.reviewer.cut(asked)
            shared = desk.estimate(part("system.md")) + self.reviewer.sizes.outline // 2
            sums.chunks += len(pieces.chunks)
            for chunk in pieces.chunks:
                most += self._chunk(chunk, shared, options, sums)
        cap = self.reviewer.caps(options).review_nano_usd
        return Estimate(
            model=" and ".join(sums.models) or desk.choice.main,
            model_configured=True,
            files=files,
            chunks=sums.chunks,
            calls=round(sums.counts["calls"]),
            input_tokens=round(sums.counts["input"]),
            cached_tokens=round(sums.counts["cached"]),
            output_tokens=round(sums.counts["output"]),
            cost_usd=min(sums.nano_usd, cap if cap is not None else sums.nano_usd) / NANO,
            most_usd=min(most, cap if cap is not None else most) / NANO,
            prices_as_of=desk.catalogue.as_of.isoformat(),
            notes=_notes(sums.nano_usd, cap),
        )

    def _chunk(self, chunk: Chunk, shared: int, options: ReviewOptions, sums: "_Sums") -> int:
        """Add a chunk to the sums; the most it can cost, in nano-dollars. The agents share its prefix."""
        assert self.reviewer is not None  # noqa: S101  for the type checker
        desk, most, first = self.reviewer.desk, 0, True
        prefix = shared + chunk.tokens + self.reviewer.sizes.context // 2
        for agent in options.agents:
            plan = self.reviewer.plan(agent, chunk, options)
            name = next(desk.models(cheap=plan.cheap))
            sums.models[name] = None
            spec = desk.catalogue.spec(name)
            share = _CHUNKS_WITH_CANDIDATES
            rounds = [(1.0, _FOUND, 16_000)] * len(plan.lenses) + [(share, _VERIFIED, 8_000)] * plan.verifiers
            for weight, output, limit in [*rounds, *([(share, _FIXED, 8_000)] if plan.fixes else [])]:
                sums.add(desk, spec, prefix, output, weight, writes=first)
                most += spec.nano_usd(Tokens(cache_write_5m=prefix + _TASK, output=limit), batch=desk.batch)
                first = False
        return most


class _Sums:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.nano_usd = 0
        self.chunks = 0
        self.models: dict[str, None] = {}

    def add(self, desk: Desk, spec: ModelSpec, prefix: int, output: int, weight: float, *, writes: bool) -> None:
        cacheable = prefix >= spec.min_cache_tokens
        tokens = Tokens(
            input=_TASK + (0 if cacheable else prefix),
            cache_write_5m=prefix if cacheable and writes else 0,
            cache_read=prefix if cacheable and not writes else 0,
            output=output,
        )
        self.nano_usd += round(weight * spec.nano_usd(tokens, batch=desk.batch))
        for name, value in (
            ("calls", 1),
            ("input", tokens.input + tokens.cache_write_5m),
            ("cached", tokens.cache_read),
            ("output", output),
        ):
            self.counts[name] += weight * value  # type: ignore[assignment]  # a Counter adds floats as well


def _notes(expected: int, cap: int | None) -> tuple[str, ...]:
    if cap is not None and expected > cap:
        budget = f"The budget of ${cap / NANO:.2f} will not do for everything"
        return (f"{budget}: the most sensitive code is looked at first, and what is left out is told.",)
    return ()
