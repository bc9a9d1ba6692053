"""Putting the model half together: which provider the settings ask for, and what its calls share."""

import logging
import threading
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from codereview.adapters.anthropic_credentials import has_credentials
from codereview.adapters.anthropic_messages import AnthropicModel
from codereview.adapters.aws import AwsClients
from codereview.adapters.file_answers import FileAnswerCache
from codereview.adapters.memory.calling import MemoryCircuitBreaker, MemoryPrefixGate
from codereview.adapters.model_catalogue import load_catalogue
from codereview.adapters.observed import TracedModel
from codereview.adapters.redis.calling import RedisAnswerCache, RedisCircuitBreaker, RedisPrefixGate
from codereview.analysers.workspace import open_workspace
from codereview.application.model.asking import LEFT_ALONE, CallRecord, Desk, Manners
from codereview.application.model.estimate import Estimator
from codereview.application.model.reviewing import ModelReviewer, Sizes
from codereview.config import Settings
from codereview.domain.estimating import estimate_tokens
from codereview.domain.metrics import CIRCUIT_OPEN, MODEL_CALLS, MODEL_COST_USD, MODEL_LATENCY, MODEL_RETRIES
from codereview.domain.reviews import ReviewOptions
from codereview.domain.tokens import NANO
from codereview.errors import ConfigurationError
from codereview.language_model import LanguageModel
from codereview.model_catalogue import ModelCatalogue
from codereview.spending import Caps, SpendLedger
from codereview.telemetry import SILENT, Telemetry

if TYPE_CHECKING:
    from redis import Redis

#: Calls of one batch that wait side by side, a thread each.
_AT_ONCE_IN_BATCH = 256

log = logging.getLogger(__name__)


def model_reviewer(
    settings: Settings, client: "Redis | None", ledger: SpendLedger, telemetry: Telemetry = SILENT
) -> ModelReviewer | None:
    """The model half of the agents, or None where no model is configured.

    ``client`` is the Redis that workers share; None keeps everything in this process. Connects to nothing yet. Raises
    ConfigurationError.
    """
    catalogue = load_catalogue(settings.models_file)
    model = language_model(settings, catalogue)
    if model is None:
        return None
    if settings.tracing:
        model = TracedModel(model, telemetry.tracer)
    # In a batch nothing is waited for one by one: everything there is to ask goes out together.
    at_once = _AT_ONCE_IN_BATCH if settings.model_batch else settings.model_concurrency
    choice = catalogue.choice(main=settings.model, cheap=settings.model_cheap, fallbacks=settings.model_fallbacks)
    desk = Desk(
        model=_batched(model) if settings.model_batch else model,
        choice=choice,
        catalogue=catalogue,
        ledger=ledger,
        breaker=RedisCircuitBreaker(client) if client is not None else MemoryCircuitBreaker(),
        gate=RedisPrefixGate(client) if client is not None else MemoryPrefixGate(),
        cache=RedisAnswerCache(client) if client is not None else FileAnswerCache(settings.data_dir / "answers"),
        estimate=estimate_tokens,
        slots=threading.Semaphore(at_once),
        manners=Manners(max_wait_s=settings.model_max_wait_s, timeout_s=settings.model_timeout_s),
        batch=settings.model_batch,
        observe=lambda record: _measure(record, telemetry),
    )
    return ModelReviewer(
        desk=desk,
        caps=lambda options: _caps(settings.caps, options),
        open_workspace=open_workspace,
        sizes=Sizes(chunk=settings.model_chunk_tokens),
        concurrency=at_once,
    )


def estimator(settings: Settings, client: "Redis | None", ledger: SpendLedger) -> Estimator:
    """Who says what a review would cost. Raises ConfigurationError."""
    return Estimator(model_reviewer(settings, client, ledger))


def language_model(settings: Settings, catalogue: ModelCatalogue) -> LanguageModel | None:
    """The provider the settings ask for, or None. Raises ConfigurationError."""
    key = settings.anthropic_api_key.get_secret_value()
    region = settings.bedrock_region or settings.aws_region
    match settings.model_provider:
        case "none":
            return None
        case "auto" if not key and not has_credentials():
            return None
        case "auto" | "anthropic":
            return AnthropicModel(api_key=key, base_url=settings.anthropic_base_url, resolve=lambda name: name)
        case "bedrock":
            return AnthropicModel(
                provider="bedrock",
                region=region,
                base_url=settings.anthropic_base_url,
                resolve=catalogue.bedrock_id,
            )
        case "sagemaker":
            from codereview.adapters.sagemaker_messages import SageMakerModel  # noqa: PLC0415  it needs boto3

            if not settings.sagemaker_endpoint:
                raise ConfigurationError(
                    "CODEREVIEW_SAGEMAKER_ENDPOINT is not set: with CODEREVIEW_MODEL_PROVIDER=sagemaker it names the"
                    " endpoint to ask"
                )
            return SageMakerModel(
                AwsClients(region=region, endpoint_url=settings.aws_endpoint_url), endpoint=settings.sagemaker_endpoint
            )


def _batched(model: LanguageModel) -> LanguageModel:
    from codereview.adapters.anthropic_batches import AnthropicBatches  # noqa: PLC0415  only night runs need them
    from codereview.adapters.batched_model import BatchedModel  # noqa: PLC0415

    if not isinstance(model, AnthropicModel) or model.name != "anthropic":
        raise ConfigurationError(
            f"CODEREVIEW_MODEL_BATCH: {model.name} takes no batches; set it only with Anthropic's own API"
        )
    return BatchedModel(model, AnthropicBatches(model))


def _caps(caps: Caps, options: ReviewOptions) -> Caps:
    """The deployment's caps, lowered by what the review itself allows; nobody raises them by asking."""
    if options.budget_usd is None:
        return caps
    own = int(Decimal(str(options.budget_usd)) * NANO)
    limit = own if caps.review_nano_usd is None else min(own, caps.review_nano_usd)
    return replace(caps, review_nano_usd=limit)


def _measure(record: CallRecord, telemetry: Telemetry) -> None:
    if record.outcome == LEFT_ALONE:
        telemetry.metrics.record(CIRCUIT_OPEN.of(Model=record.model))
        return
    telemetry.metrics.record(
        MODEL_CALLS.of(Model=record.model, Outcome=record.outcome),
        MODEL_LATENCY.of(record.seconds * 1000, Model=record.model),
        MODEL_COST_USD.of(record.spend.nano_usd / NANO, Model=record.model),
        *([MODEL_RETRIES.of(Model=record.model)] if record.attempt > 1 else []),
    )
