"""Settings of a deployment: environment variables ``CODEREVIEW_*``, each described where it is declared.

The names of the container specification (``REDIS_URL``, ``AGENT_TYPE``, ``LOG_LEVEL``, ``ANTHROPIC_API_KEY``) are
understood too; the prefixed name wins.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from codereview.errors import ConfigurationError
from codereview.spending import Caps

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


def _metrics() -> str:
    """CloudWatch's format where AWS runs the process (a Lambda function, an ECS task), else Prometheus."""
    on_aws = {"AWS_LAMBDA_FUNCTION_NAME", "ECS_CONTAINER_METADATA_URI_V4"} & os.environ.keys()
    return "emf" if on_aws else "prometheus"


def _data_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "codereview"


class Settings(BaseSettings):
    """Every knob of the service. Nothing reads the environment but this class."""

    model_config = SettingsConfigDict(
        env_prefix="CODEREVIEW_", env_file=None, frozen=True, extra="ignore", populate_by_name=True
    )

    # --- where things are
    #: Redis for queues, live state and events. Empty: `codereview serve` starts a private one.
    redis_url: str = Field(default="", validation_alias=AliasChoices("CODEREVIEW_REDIS_URL", "REDIS_URL"))
    #: AUTH token of Redis, when the URL does not carry it.
    redis_auth_token: SecretStr = SecretStr("")
    #: Seconds a command of Redis may take, and how often it is sent again when there was no answer.
    redis_timeout_s: PositiveFloat = 5.0
    redis_retries: NonNegativeInt = 2
    #: Redis database number of Celery's results; queues and live state use the URL's own.
    result_database: int = Field(default=1, ge=0, le=15)
    #: Directory of the embedded database, the private Redis and generated secrets.
    data_dir: Path = Field(default_factory=_data_dir)
    #: "sqlite" or "dynamodb".
    store: Literal["sqlite", "dynamodb"] = "sqlite"
    #: SQLite file; empty: reviews.sqlite3 in the data directory.
    sqlite_path: Path | None = None
    reviews_table: str = "codereview-reviews"
    keys_table: str = "codereview-keys"
    #: S3 bucket for bodies over DynamoDB's item limit.
    bodies_bucket: str = ""
    #: Directory for such bodies instead of a bucket, shared by every process; for stand-ins of AWS on one machine.
    bodies_dir: Path | None = None
    aws_region: str = Field(default="us-east-1", validation_alias=AliasChoices("CODEREVIEW_AWS_REGION", "AWS_REGION"))
    #: Endpoint of an AWS stand-in; empty for the real one.
    aws_endpoint_url: str = ""
    #: Attempts at a request to AWS, with growing pauses between them.
    aws_attempts: PositiveInt = 4
    #: Path in SSM Parameter Store below which functions find their secrets, e.g. /codereview/prod/; empty: none.
    secrets_path: str = ""
    #: DynamoDB table of the connections that API Gateway keeps.
    connections_table: str = ""
    #: Where clients connect to API Gateway's WebSocket, wss://…; empty: the API's own /ws.
    websocket_url: str = ""
    #: Where messages for its connections are posted, https://….
    connections_url: str = ""
    #: The function that carries the events of a review to its connections.
    broadcast_function: str = ""
    #: Make the DynamoDB tables at start when they are missing (stand-ins only).
    create_tables: bool = False

    # --- the API
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    #: The address clients see, e.g. behind a proxy; empty: taken from the request.
    public_url: str = ""
    #: "none": anybody who reaches the port (loopback only); "keys": API keys.
    auth: Literal["none", "keys"] = "none"
    #: Allow a public bind without keys; for containers whose published port is loopback only.
    allow_public_without_keys: bool = False
    #: Signs WebSocket tickets; empty: generated and kept in the data directory.
    secret_key: SecretStr = SecretStr("")
    #: Origins (scheme://host[:port]) of pages allowed to call the API, comma-separated.
    allowed_origins: CommaSeparated = ()
    #: Bytes of a request body.
    max_request_bytes: PositiveInt = 20_000_000
    #: Sockets per API process. Beyond this health checks stop being answered in time.
    max_live_connections: PositiveInt = 2000
    #: Seconds between heartbeats on a live stream.
    heartbeat_s: PositiveFloat = 30.0
    #: Seconds a WebSocket ticket is good for.
    ticket_ttl_s: PositiveInt = 600

    # --- limits
    max_file_bytes: PositiveInt = 1_000_000
    max_files: PositiveInt = 5_000
    max_total_bytes: PositiveInt = 50_000_000
    #: Reviews not yet ended, over all owners and of one owner; beyond: 429.
    max_waiting: PositiveInt = 500
    max_waiting_per_owner: PositiveInt = 50

    # --- liveness
    #: Seconds after which a review is ended with what it has.
    review_deadline_s: PositiveFloat = 900.0
    #: Seconds a worker may be silent before its unit is given to another.
    lease_s: PositiveFloat = 12.0
    #: Seconds between sweeps of the reaper.
    reaper_interval_s: PositiveFloat = 2.0
    #: Seconds a unit may stay unclaimed while its queue is empty.
    unclaimed_after_s: PositiveFloat = 10.0
    max_attempts: PositiveInt = 3
    #: Seconds of one unit of work: soft (the unit ends as partial), then hard (its process is killed).
    unit_soft_limit_s: PositiveInt = 540
    unit_hard_limit_s: PositiveInt = 600
    #: Whether what analysers say of a file is kept for a week, so that unchanged code is not analysed again.
    analysis_cache: bool = True
    #: Seconds one external tool may take on one batch.
    tool_timeout_s: PositiveFloat = 120.0

    # --- the worker
    #: "security", "bug" or "coordinator": names the worker and picks its queue where none is given.
    agent_type: str = Field(default="", validation_alias=AliasChoices("CODEREVIEW_AGENT_TYPE", "AGENT_TYPE"))
    #: Prefork processes of a worker.
    concurrency: PositiveInt = 1

    # --- the language model
    #: "anthropic", "bedrock" or "sagemaker"; "none": static analysis only; "auto": Anthropic when there are
    #: credentials for it, else none.
    model_provider: Literal["auto", "none", "anthropic", "bedrock", "sagemaker"] = "auto"
    #: Key of Anthropic's API; empty: what Anthropic's client finds (profile, workload identity).
    anthropic_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("CODEREVIEW_ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY")
    )
    #: Address of a service that speaks the Messages API; empty: Anthropic's own.
    anthropic_base_url: str = ""
    #: AWS region of Bedrock, or of the SageMaker endpoint; empty: the deployment's.
    bedrock_region: str = ""
    #: Name of a SageMaker endpoint that takes and streams the Messages format.
    sagemaker_endpoint: str = ""
    #: The model that finds and verifies; empty: the table of models says.
    model: str = ""
    #: The model for trivial changes; empty: the table of models says.
    model_cheap: str = ""
    #: Models asked in turn when one refuses or fails, comma-separated; "none": no other; empty: the table says.
    model_fallbacks: CommaSeparated = ()
    #: File of models, limits and prices over the packaged table (codereview/agents/models.toml), in the same form.
    models_file: Path | None = None
    #: US dollars a review may spend on models; empty: any amount.
    budget_review_usd: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = Decimal(5)
    #: Tokens a review may use, in and out, cached or not; empty: any number.
    budget_review_tokens: NonNegativeInt | None = None
    #: US dollars and tokens of all reviews together in an hour of the clock (UTC); empty: any.
    budget_hour_usd: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None
    budget_hour_tokens: NonNegativeInt | None = None
    #: Calls a unit of work makes at once.
    model_concurrency: PositiveInt = 4
    #: Bytes of source in one unit of work where a model reads it: what a worker gets through in its time.
    model_unit_bytes: PositiveInt = 250_000
    #: Tokens of source in one call.
    model_chunk_tokens: PositiveInt = 12_000
    #: Seconds one call may take.
    model_timeout_s: PositiveFloat = 300.0
    #: Longest time the provider may ask to be left alone that is waited for in place; beyond, the unit is queued again.
    model_max_wait_s: NonNegativeFloat = 20.0
    #: Whether calls are gathered into batches of the provider: half the price, answered within a day. For night runs.
    model_batch: bool = False

    # --- telemetry
    #: Where measurements go: "prometheus" (/metrics), "emf" (CloudWatch, by lines on standard output) or "none".
    metrics: Literal["prometheus", "emf", "none"] = Field(default_factory=_metrics, validate_default=True)
    #: Directory in which the processes of one machine count for Prometheus; empty: metrics in the data directory.
    metrics_dir: Path | None = None
    #: CloudWatch namespace of the metrics.
    metrics_namespace: str = "CodeReview"
    #: What this deployment is called in metrics and traces: "local", "staging", "prod".
    environment: str = "local"
    #: Whether traces are sent, by OpenTelemetry (the extra `otel`); its own variables (OTEL_*) say where to.
    tracing: bool = False

    # --- manners
    log_level: str = Field(default="INFO", validation_alias=AliasChoices("CODEREVIEW_LOG_LEVEL", "LOG_LEVEL"))
    #: Days a finished review is kept.
    retention_days: PositiveInt = 7

    @field_validator(
        "budget_review_usd", "budget_review_tokens", "budget_hour_usd", "budget_hour_tokens", mode="before"
    )
    @classmethod
    def _unlimited(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("allowed_origins", "model_fallbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def caps(self) -> Caps:
        """What reviews may spend on models."""
        return Caps.of_dollars(
            review_usd=self.budget_review_usd,
            review_tokens=self.budget_review_tokens,
            hour_usd=self.budget_hour_usd,
            hour_tokens=self.budget_hour_tokens,
        )

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.sqlite_path or self.data_dir / "reviews.sqlite3"

    @property
    def metrics_path(self) -> Path:
        """The directory in which the processes of this machine count."""
        return self.metrics_dir or self.data_dir / "metrics"

    def effective(self) -> dict[str, object]:
        """Every setting and its value, secrets starred, for the log at start."""
        return {name: _starred(name, getattr(self, name)) for name in type(self).model_fields}


def _starred(name: str, value: object) -> object:
    if isinstance(value, SecretStr):
        return "***" if value.get_secret_value() else ""
    if name.endswith("_url") and isinstance(value, str) and "@" in value:
        scheme, _, rest = value.partition("://")
        return f"{scheme}://***@{rest.rpartition('@')[2]}"
    return str(value) if isinstance(value, Path | Decimal) else value


def load_settings(**overrides: object) -> Settings:
    """The settings from the environment.

    Raises ConfigurationError naming the variable and what would be right.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        variable = name if name.isupper() else f"CODEREVIEW_{name.upper()}"
        raise ConfigurationError(f"{variable}: {first['msg'].lower()} (got {first.get('input')!r})") from error
