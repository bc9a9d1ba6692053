"""Message batches: many requests at half the price, answered some time later and in any order."""

import itertools
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codereview.testkit import wire
from codereview.testkit.service import MessagesService
from codereview.testkit.validation import ERROR_TYPES, Refused

Json = dict[str, Any]

_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CREATED, _ENDED, _EXPIRES = "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z", "2026-11-23T00:00:00Z"
_MOST = 100_000


@dataclass
class _Batch:
    id: str
    requests: list[Json]
    headers: Mapping[str, str]
    key: str
    looks: int = 0
    cancelled: bool = False
    results: list[Json] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Batches:
    """The batches of one server. So many ``looks`` find each under way before it ends; then its requests are put to
    the rule. ``base_url`` begins the addresses of results."""

    def __init__(self, service: MessagesService, *, looks: int = 1, base_url: str = "") -> None:
        self.looks = looks
        self.base_url = base_url
        self._service = service
        self._batches: dict[str, _Batch] = {}
        self._numbers = itertools.count(1)

    def create(self, body: Mapping[str, Any], headers: Mapping[str, str], key: str) -> Json:
        """Take a batch in. Raises Refused."""
        requests = body.get("requests")
        if not isinstance(requests, list) or not 0 < len(requests) <= _MOST:
            raise Refused(400, f"requests: Input should be a list of 1 to {_MOST} requests")
        names = [str(request.get("custom_id", "")) if isinstance(request, dict) else "" for request in requests]
        for place, name in enumerate(names):
            if _CUSTOM_ID.fullmatch(name) is None:
                raise Refused(400, f"requests.{place}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
        if len(set(names)) < len(names):
            raise Refused(400, "requests: custom_id must be unique")
        batch = _Batch(f"msgbatch_{next(self._numbers):06}", requests, headers, key)
        self._batches[batch.id] = batch
        return self._told(batch)

    def get(self, batch_id: str) -> Json:
        """How it stands; each look brings it nearer to its end. Raises Refused."""
        batch = self._batch(batch_id)
        with batch.lock:
            batch.looks += 1
            if batch.results is None and (batch.cancelled or batch.looks > self.looks):
                batch.results = [self._result(batch, request) for request in reversed(batch.requests)]
        return self._told(batch)

    def listed(self) -> Json:
        """All of them, the newest first."""
        data = [self._told(batch) for batch in reversed(self._batches.values())]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
        return {"data": data, "has_more": False, **ends}

    def cancel(self, batch_id: str) -> Json:
        """Have it end without an answer. Raises Refused."""
        batch = self._batch(batch_id)
        if batch.results is None:
            batch.cancelled = True
        return self._told(batch)

    def delete(self, batch_id: str) -> Json:
        """Forget it. Raises Refused."""
        if self._batch(batch_id).results is None:
            raise Refused(400, "a batch that is in progress cannot be deleted: cancel it first")
        del self._batches[batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def results(self, batch_id: str) -> bytes:
        """A line of JSON for each request. Raises Refused."""
        results = self._batch(batch_id).results
        if results is None:
            raise Refused(404, f"the results of {batch_id} are not available yet")
        return "".join(json.dumps(line) + "\n" for line in results).encode()

    def _result(self, batch: _Batch, request: Json) -> Json:
        if batch.cancelled:
            return {"custom_id": request["custom_id"], "result": {"type": "canceled"}}
        return {"custom_id": request["custom_id"], "result": self._answered(batch, request.get("params") or {})}

    def _answered(self, batch: _Batch, params: Json) -> Json:
        try:
            with self._service.turn(params, batch.headers, batch.key, "batch") as turn:
                if turn.reply.hang_up:
                    return {"type": "expired"}
                if turn.reply.answers:
                    self._service.begin(turn)
                    return {"type": "succeeded", "message": wire.message(turn.asked, turn.reply, turn.tokens)}
                kind = turn.reply.error or ERROR_TYPES.get(turn.reply.status, "api_error")
                return {"type": "errored", "error": wire.error(kind, turn.reply.message, turn.request_id)}
        except Refused as refused:
            return {"type": "errored", "error": wire.error(refused.type, refused.message, "req_refused")}

    def _batch(self, batch_id: str) -> _Batch:
        if batch_id not in self._batches:
            raise Refused(404, f"there is no batch {batch_id}")
        return self._batches[batch_id]

    def _told(self, batch: _Batch) -> Json:
        ended = batch.results is not None
        counts = Counter(line["result"]["type"] for line in batch.results or [])
        kinds = ("succeeded", "errored", "canceled", "expired")
        url = f"{self.base_url}/v1/messages/batches/{batch.id}/results"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "canceling" if batch.cancelled else "in_progress",
            "request_counts": {
                "processing": 0 if ended else len(batch.requests),
                **{kind: counts.get(kind, 0) for kind in kinds},
            },
            "created_at": _CREATED,
            "expires_at": _EXPIRES,
            "ended_at": _ENDED if ended else None,
            "cancel_initiated_at": _CREATED if batch.cancelled else None,
            "archived_at": None,
            "results_url": url if ended else None,
        }
