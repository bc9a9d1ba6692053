"""Putting the product together: the only place that picks adapters from the settings."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from codereview.adapters.anthropic_credentials import has_credentials
from codereview.adapters.aws import AwsClients
from codereview.adapters.celery.config import broker_url
from codereview.adapters.celery.dispatcher import CeleryDispatcher, sender
from codereview.adapters.dynamodb import DynamoKeyStore, DynamoReviewStore, create_tables
from codereview.adapters.file_bodies import FileBodies
from codereview.adapters.observed import TracedBus
from codereview.adapters.redis.bus import RedisEventBus
from codereview.adapters.redis.client import connect
from codereview.adapters.redis.idempotency import RedisIdempotencyStore
from codereview.adapters.redis.ledger import RedisLedger
from codereview.adapters.redis.sources import RedisSourceStore
from codereview.adapters.redis.spending import RedisSpendLedger
from codereview.adapters.redis.status import AgentCommands, AgentStatusBoard
from codereview.adapters.system import SystemClock
from codereview.application.finalizing import Finalizer
from codereview.application.keys import KeyRing
from codereview.application.review_service import Admission, ReviewService
from codereview.application.sweeping import Sweeper, SweepSettings
from codereview.config import Settings
from codereview.domain.reviews import AGENTS
from codereview.errors import ConfigurationError
from codereview.inputs.limits import Limits
from codereview.inputs.submitted import read_submission
from codereview.ports import (
    Dispatcher,
    EventBus,
    IdempotencyStore,
    KeyStore,
    Metrics,
    ReviewLedger,
    ReviewStore,
    SourceStore,
)
from codereview.spending import SpendLedger
from codereview.telemetry import SILENT, NoMetrics, Telemetry

if TYPE_CHECKING:
    from redis import Redis

    from codereview.adapters.local_dispatcher import LocalDispatcher
    from codereview.application.model.estimate import Estimator


#: A provider may take a day to answer a batch, and a review needs several, one after the other.
_BATCH_DEADLINE_S = 3 * 86_400.0


@dataclass(frozen=True)
class Service:
    """The product on Redis, Celery and a durable store, as the API and the workers use it."""

    settings: Settings
    service: ReviewService
    bus: EventBus
    ledger: ReviewLedger
    store: ReviewStore
    keys: KeyRing | None
    idempotency: IdempotencyStore
    board: AgentStatusBoard
    commands: AgentCommands
    redis: "Redis"
    telemetry: Telemetry

    @property
    def exposition(self) -> Callable[[], bytes] | None:
        """What Prometheus reads, where it does."""
        return getattr(self.telemetry.metrics, "exposition", None)


@dataclass(frozen=True)
class LocalService:
    """The product inside one process, as the command line uses it. Close it when done."""

    service: ReviewService
    dispatcher: "LocalDispatcher"

    def close(self) -> None:
        """Stop the pool."""
        self.dispatcher.close()


def build(settings: Settings, *, agents: bool = False, interruptions: tuple[type[Exception], ...] = ()) -> Service:
    """The service over Redis; with ``agents`` it can work on units (workers), without it only submits (the API).

    Connects to nothing yet. Raises ConfigurationError.
    """
    client = connect(broker_url(settings), socket_timeout_s=settings.redis_timeout_s, retries=settings.redis_retries)
    telemetry = telemetry_of(settings)
    commands = AgentCommands(client)
    ledger, sources = RedisLedger(client), RedisSourceStore(client)
    bus: EventBus = RedisEventBus(client)
    if settings.tracing:
        bus = TracedBus(bus, telemetry.tracer)
    store, key_store = stores(settings)
    return Service(
        settings=settings,
        service=_service(
            settings,
            client,
            bills=RedisSpendLedger(client),
            ledger=ledger,
            bus=bus,
            sources=sources,
            store=store,
            dispatcher=CeleryDispatcher(sender(settings), client, commands, telemetry.tracer),
            agents=AGENTS if agents else (),
            interruptions=interruptions,
            telemetry=telemetry,
        ),
        bus=bus,
        ledger=ledger,
        store=store,
        keys=KeyRing(key_store) if settings.auth == "keys" else None,
        idempotency=RedisIdempotencyStore(client),
        board=AgentStatusBoard(client),
        commands=commands,
        redis=client,
        telemetry=telemetry,
    )


def build_local(settings: Settings, *, workers: int | None = None, tools: bool = True) -> LocalService:
    """The service with everything in memory and the agents in a pool of this process; without ``tools`` only the
    model looks. Raises ConfigurationError."""
    if settings.model_batch:
        settings = settings.model_copy(update={"review_deadline_s": max(settings.review_deadline_s, _BATCH_DEADLINE_S)})
    # Here and below: what a deployment does not use it does not load.
    from codereview.adapters.local_dispatcher import LocalDispatcher  # noqa: PLC0415
    from codereview.adapters.memory import (  # noqa: PLC0415
        MemoryEventBus,
        MemoryLedger,
        MemoryReviewStore,
        MemorySourceStore,
    )
    from codereview.adapters.memory.spending import MemorySpendLedger  # noqa: PLC0415

    dispatcher = LocalDispatcher(workers or max(2, os.cpu_count() or 2))
    ledger = MemoryLedger()
    service = _service(
        settings,
        None,
        bills=MemorySpendLedger(),
        ledger=ledger,
        bus=MemoryEventBus(ledger),
        sources=MemorySourceStore(),
        store=MemoryReviewStore(),
        dispatcher=dispatcher,
        agents=AGENTS,
        tools=tools,
    )
    dispatcher.bind(partial(service.review_unit, worker="local"), service.finalize)
    return LocalService(service, dispatcher)


def stores(settings: Settings) -> tuple[ReviewStore, KeyStore]:
    """The durable stores the settings ask for."""
    if settings.store == "sqlite":
        from codereview.adapters.sqlite import SqliteKeyStore, SqliteReviewStore  # noqa: PLC0415

        path = settings.database_path
        return SqliteReviewStore(path, retention_days=settings.retention_days), SqliteKeyStore(path)
    clients = aws_clients(settings)
    bucket, days = settings.bodies_bucket, settings.retention_days
    if settings.create_tables:
        create_tables(
            clients,
            reviews_table=settings.reviews_table,
            keys_table=settings.keys_table,
            bucket=bucket,
            retention_days=days,
        )
    bodies = FileBodies(settings.bodies_dir) if settings.bodies_dir is not None else None
    reviews = DynamoReviewStore(
        settings.reviews_table, clients=clients, bucket=bucket, bodies=bodies, retention_days=days
    )
    return reviews, DynamoKeyStore(settings.keys_table, clients=clients)


def aws_clients(settings: Settings) -> AwsClients:
    """Clients of AWS as the settings have them."""
    return AwsClients(
        region=settings.aws_region, endpoint_url=settings.aws_endpoint_url, attempts=settings.aws_attempts
    )


def telemetry_of(settings: Settings) -> Telemetry:
    """What the settings want told, and to whom. Raises ConfigurationError when OpenTelemetry is not installed."""
    metrics: Metrics = NoMetrics()
    if settings.metrics == "emf":
        from codereview.adapters.emf import EmfMetrics  # noqa: PLC0415  each destination is loaded where it is used

        metrics = EmfMetrics(namespace=settings.metrics_namespace, environment=settings.environment)
    elif settings.metrics == "prometheus":
        from codereview.adapters.prometheus import PrometheusMetrics  # noqa: PLC0415

        metrics = PrometheusMetrics(settings.metrics_path)
    if not settings.tracing:
        return Telemetry(metrics)
    from codereview.adapters.otel import open_tracer  # noqa: PLC0415

    return Telemetry(metrics, open_tracer(settings.environment))


def secret_key(settings: Settings) -> str:
    """What signs tickets: the setting, else a secret generated once and kept in the data directory (mode 0600).

    Raises ConfigurationError when the directory cannot be written.
    """
    given = settings.secret_key.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "secret-key"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigurationError(f"CODEREVIEW_SECRET_KEY is not set and {path} cannot be written: {error}") from error
    return path.read_text(encoding="ascii")


def limits(settings: Settings) -> Limits:
    """How much is read of one submission."""
    return Limits(
        max_file_bytes=settings.max_file_bytes,
        max_files=settings.max_files,
        max_total_bytes=settings.max_total_bytes,
    )


def _service(
    settings: Settings,
    client: "Redis | None",
    *,
    bills: SpendLedger,
    ledger: ReviewLedger,
    bus: EventBus,
    sources: SourceStore,
    store: ReviewStore,
    dispatcher: Dispatcher,
    agents: Sequence[str],
    interruptions: tuple[type[Exception], ...] = (),
    telemetry: Telemetry = SILENT,
    tools: bool = True,
) -> ReviewService:
    clock = SystemClock()
    finalizer = Finalizer(ledger=ledger, bus=bus, sources=sources, store=store, telemetry=telemetry, bill=bills.spent)
    sweeper = Sweeper(
        ledger=ledger,
        store=store,
        dispatcher=dispatcher,
        finalizer=finalizer,
        clock=clock,
        settings=SweepSettings(
            interval_ms=int(settings.reaper_interval_s * 1000),
            unclaimed_after_ms=int(settings.unclaimed_after_s * 1000),
            deadline_ms=int(settings.review_deadline_s * 1000),
            max_attempts=settings.max_attempts,
        ),
        telemetry=telemetry,
    )
    reviewer = None
    if agents:
        # Only who works on units loads the agents and their tools; a function that submits carries neither.
        from codereview.bootstrap_agents import reviewer_of  # noqa: PLC0415

        reviewer = reviewer_of(
            settings,
            agents=agents,
            ledger=ledger,
            bus=bus,
            sources=sources,
            interruptions=interruptions,
            telemetry=telemetry,
            client=client,
            bills=bills,
            tools=tools,
        )
    return ReviewService(
        ledger=ledger,
        bus=bus,
        sources=sources,
        store=store,
        dispatcher=dispatcher,
        reviewer=reviewer,
        finalizer=finalizer,
        sweeper=sweeper,
        clock=clock,
        read=partial(read_submission, limits=limits(settings)),
        admission=Admission(
            max_waiting=settings.max_waiting,
            max_waiting_per_owner=settings.max_waiting_per_owner,
            deadline_ms=int(settings.review_deadline_s * 1000),
        ),
        telemetry=telemetry,
        estimator=partial(_estimator, settings, client, bills),
        batch_bytes=settings.model_unit_bytes if _asks_a_model(settings) else None,
    )


def _estimator(settings: Settings, client: "Redis | None", bills: SpendLedger) -> "Estimator":
    from codereview.bootstrap_model import estimator  # noqa: PLC0415  as the agents: only who is asked loads it

    return estimator(settings, client, bills)


def _asks_a_model(settings: Settings) -> bool:
    if settings.model_provider == "auto":
        return bool(settings.anthropic_api_key.get_secret_value()) or has_credentials()
    return settings.model_provider != "none"
