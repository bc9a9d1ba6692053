"""Called by the pipeline after a deployment: a real review by the deployed URLs, its result told to CodePipeline."""

import json
import logging
from typing import Any, Protocol

import boto3

from codereview.adapters.deployed_api import DeployedApi, aws_signature
from codereview.application.acceptance import Accepted, NotAccepted, check
from codereview.config import load_settings
from codereview.logs import configure_logging

log = logging.getLogger(__name__)

#: Seconds kept to tell CodePipeline how it went.
_RESERVE_S = 10.0
_MESSAGE = 2_000


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is stopped."""
        ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """An action of CodePipeline whose ``UserParameters`` are JSON, or the same document by itself: ``{"apiUrl",
    "auth": "none" | "iam" | "key", "apiKeyParameter"}``.

    A pipeline is told; whoever else asks gets the figures. Raises NotAccepted for who is no pipeline.
    """
    configure_logging(load_settings().log_level)
    job = event.get("CodePipeline.job")
    if job is None:
        return _told(_test(event, context))
    pipeline = boto3.client("codepipeline")
    try:
        configuration = job["data"]["actionConfiguration"]["configuration"]
        accepted = _test(json.loads(configuration["UserParameters"]), context)
    except (NotAccepted, KeyError, ValueError) as error:
        message = f"{type(error).__name__}: {error}"[:_MESSAGE]
        log.error("deployment_not_accepted", extra={"reason": message})  # noqa: TRY400  the reason says it all
        pipeline.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": message})
        return {"accepted": False, "reason": message}
    pipeline.put_job_success_result(jobId=job["id"], outputVariables={"reviewId": accepted.review_id})
    return _told(accepted)


def _test(parameters: dict[str, Any], context: Context) -> Accepted:
    def remaining_s() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVE_S

    accepted = check(_deployed(parameters), remaining_s)
    log.info("deployment_accepted", extra={"reviewId": accepted.review_id, "findingCount": accepted.findings})
    return accepted


def _deployed(parameters: dict[str, Any]) -> DeployedApi:
    url, auth = str(parameters["apiUrl"]), parameters.get("auth", "none")
    match auth:
        case "none":
            return DeployedApi(url)
        case "iam":
            return DeployedApi(url, sign=aws_signature(load_settings().aws_region))
        case "key":
            stored = boto3.client("ssm").get_parameter(Name=parameters["apiKeyParameter"], WithDecryption=True)
            return DeployedApi(url, api_key=stored["Parameter"]["Value"])
        case _:
            raise ValueError(f"auth is {auth!r}; it is none, iam or key")


def _told(accepted: Accepted) -> dict[str, Any]:
    return {
        "accepted": True,
        "reviewId": accepted.review_id,
        "events": accepted.events,
        "findings": accepted.findings,
    }
