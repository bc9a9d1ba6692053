"""Submitting, reading, listing, cancelling; findings and reports."""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from support.api_app import Api

from codereview.domain.events import Event
from codereview.domain.reviews import Review
from codereview.formats import FORMATS


def test_a_submission_is_accepted_with_everything_needed_to_follow_it(api: Api) -> None:
    """202, where the review is, and a WebSocket address that needs nothing else."""
    answer = api.post({"code": "danger\n", "filename": "app.py", "label": "try"})
    body = answer.json
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"http://localhost/api/review/{body['reviewId']}"
    assert body["status"] == "pending"
    assert body["webSocketUrl"].startswith("ws://localhost/ws?ticket=")
    for address in body["links"].values():
        assert api.client.open(urlsplit(address).path, method="OPTIONS").status_code == 200


def test_addresses_are_those_of_the_public_url(make_api: Callable[..., Api]) -> None:
    """Behind a proxy the address asked for is not the one clients see."""
    api = make_api(public_url="https://review.example.org/code")
    answer = api.post({"code": "danger\n"})
    assert answer.headers["Location"].startswith("https://review.example.org/code/api/review/rv_")
    assert answer.json["webSocketUrl"].startswith("wss://review.example.org/code/ws?ticket=")


def test_a_running_review_shows_what_was_found_so_far(api: Api) -> None:
    """Nobody waits for the last agent to see the first finding."""
    review_id = api.submit("danger\noops\n")
    unit = next(unit for r, unit in api.assembly.dispatcher.launched if unit.agent == "security")
    api.service.review_unit(review_id, unit.id, worker="test")
    review = api.client.get(f"/api/review/{review_id}").json
    assert review["status"] == "running"
    assert review["verdict"] is None
    assert [finding["agent"] for finding in review["findings"]] == ["security"]
    assert {agent["agent"]: agent["status"] for agent in review["agents"]}["bug"] == "pending"
    assert api.client.get(f"/api/review/{review_id}/findings").json["status"] == "running"


def test_an_ended_review_is_the_stored_one_with_links(api: Api) -> None:
    """The answer is the domain's own review in camelCase, and says what ran."""
    review_id = api.ended()
    body = api.client.get(f"/api/review/{review_id}").json
    links = body.pop("links")
    assert Review.model_validate(body) == api.store.get(review_id)
    assert (body["verdict"], body["modelRan"], body["engine"]) == ("findings", False, "static")
    assert links["page"] == f"http://localhost/review/{review_id}"


def test_a_review_the_client_has_already_is_304(api: Api) -> None:
    """Polling costs nothing while nothing happens."""
    review_id = api.submit()
    etag = api.client.get(f"/api/review/{review_id}").headers["ETag"]
    same = api.client.get(f"/api/review/{review_id}", headers={"If-None-Match": etag})
    assert (same.status_code, same.data) == (304, b"")
    api.assembly.run(review_id)
    assert api.client.get(f"/api/review/{review_id}", headers={"If-None-Match": etag}).status_code == 200


def test_the_list_is_paged_by_following_links(api: Api) -> None:
    """Every review once, the newest first, without what can be large."""
    made = []
    for _ in range(5):
        made.append(api.ended())
        api.assembly.clock.advance(1)
    seen, address = [], "/api/reviews?limit=2"
    while address:
        answer = api.client.get(address)
        seen += [review["id"] for review in answer.json["reviews"]]
        assert all(review["findings"] == [] for review in answer.json["reviews"])
        link = answer.headers.get("Link", "")
        assert bool(link) == (answer.json["nextCursor"] is not None)
        address = link.removeprefix("<http://localhost").partition(">")[0]
    assert seen == made[::-1]


def test_the_list_is_filtered_by_status(api: Api) -> None:
    """Across pages too: the filter is in the link."""
    ended, running = api.ended(), api.submit()
    assert [r["id"] for r in api.client.get("/api/reviews?status=completed").json["reviews"]] == [ended]
    assert [r["id"] for r in api.client.get("/api/reviews?status=pending").json["reviews"]] == [running]
    api.assembly.clock.advance(1)
    api.submit()
    assert "status=pending" in api.client.get("/api/reviews?status=pending&limit=1").headers["Link"]


@pytest.mark.parametrize(("method", "route"), [("POST", "/cancel"), ("DELETE", "")])
def test_cancelling_ends_the_review_with_what_was_found(api: Api, method: str, route: str) -> None:
    """Once: the second time there is nothing to cancel."""
    review_id = api.submit()
    answer = api.client.open(f"/api/review/{review_id}{route}", method=method)
    assert (answer.status_code, answer.json["status"], answer.json["verdict"]) == (200, "cancelled", "cancelled")
    again = api.client.open(f"/api/review/{review_id}{route}", method=method)
    assert (again.status_code, again.json["type"]) == (409, "/problems/review-ended")


def test_findings_are_filtered(api: Api) -> None:
    """Each filter takes several values; together they narrow."""
    review_id = api.ended("danger\noops\n")

    def found(query: str) -> list[str]:
        body = api.client.get(f"/api/review/{review_id}/findings{query}").json
        assert body["total"] == 2
        return [finding["agent"] for finding in body["findings"]]

    assert found("") == ["security", "bug"]
    assert found("?agent=bug") == ["bug"]
    assert found("?agent=bug,security&severity=high") == ["security", "bug"]
    assert found("?severity=critical,low") == []
    assert found("?status=suppressed") == []


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_ended_review_can_be_had_in_every_format(api: Api, name: str) -> None:
    """With the media type of the format, a file name, and an ETag."""
    review_id = api.ended()
    answer = api.client.get(f"/api/review/{review_id}/report?format={name}")
    assert (answer.status_code, answer.content_type) == (200, FORMATS[name].media_type)
    assert f"{review_id}{FORMATS[name].suffix}" in answer.headers["Content-Disposition"]
    assert "danger" in answer.text
    again = api.client.get(
        f"/api/review/{review_id}/report?format={name}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_an_unfinished_review_has_no_report(api: Api) -> None:
    """A report without findings would look like a clean one."""
    answer = api.client.get(f"/api/review/{api.submit()}/report?format=sarif")
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/review-not-ended")


def test_events_are_replayed_from_any_point(api: Api) -> None:
    """The pages together are the log; the last one says that nothing follows."""
    review_id = api.ended()
    whole = [event.to_wire() for event in api.bus.read(review_id)]
    seen: list[object] = []
    after, ended = 0, False
    while not ended:
        body = api.client.get(f"/api/review/{review_id}/events?after={after}&limit=3").json
        seen += body["events"]
        after, ended = body["lastEventId"], body["ended"]
    assert seen == whole
    beyond = api.client.get(f"/api/review/{review_id}/events?after=1000").json
    assert (beyond["events"], beyond["lastEventId"], beyond["ended"]) == ([], len(whole), True)


def test_events_that_are_not_kept_any_more_are_not_an_empty_log(api: Api) -> None:
    """The review is kept longer than its events."""
    review_id = api.ended()
    api.assembly.clock.advance(10 * 86_400)
    answer = api.client.get(f"/api/review/{review_id}/events")
    assert (answer.status_code, answer.json["type"]) == (410, "/problems/events-expired")
    stream = api.client.get(f"/api/review/{review_id}/events", headers={"Accept": "text/event-stream"})
    assert (stream.status_code, stream.json["type"]) == (410, "/problems/events-expired")


def test_a_stream_of_an_ended_review_is_the_log_and_an_end(api: Api) -> None:
    """Each event with its id, so that a browser can resume by itself."""
    review_id = api.ended()
    answer = api.client.get(f"/api/review/{review_id}/events", headers={"Accept": "text/event-stream"})
    assert answer.mimetype == "text/event-stream"
    blocks = [block.splitlines() for block in answer.text.strip().split("\n\n")]
    assert blocks.pop(0) == ["retry: 1000"]
    whole = api.bus.read(review_id)
    assert [block[0] for block in blocks] == [f"id: {event.id}" for event in whole]
    assert [Event.model_validate(json.loads(block[1].removeprefix("data: "))) for block in blocks] == whole


def test_a_stream_goes_on_after_the_last_event_id(api: Api) -> None:
    """The header, which browsers send, wins over the query of the address they keep; at the end they are told to
    stop."""
    review_id = api.ended()
    last = api.bus.last_id(review_id)
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last - 1)}
    answer = api.client.get(f"/api/review/{review_id}/events?after=1", headers=headers)
    assert answer.text.count("id: ") == 1
    headers["Last-Event-ID"] = str(last)
    assert api.client.get(f"/api/review/{review_id}/events", headers=headers).status_code == 204
    headers["Last-Event-ID"] = "seven"
    assert api.client.get(f"/api/review/{review_id}/events", headers=headers).status_code == 400


def test_the_same_key_and_body_give_the_same_review(api: Api) -> None:
    """A client that lost the answer repeats the request."""
    headers = {"Idempotency-Key": "k1"}
    first = api.post({"code": "danger\n"}, headers=headers)
    again = api.post({"code": "danger\n"}, headers=headers)
    assert (again.status_code, again.json["reviewId"]) == (202, first.json["reviewId"])
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.store.page(owner="").reviews) == 1


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    """One of the two is a mistake."""
    api.post({"code": "danger\n"}, headers={"Idempotency-Key": "k1"})
    answer = api.post({"code": "other\n"}, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/idempotency-mismatch")


def test_a_key_in_use_is_a_conflict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first request runs, its answer is not known."""
    submit, inner = api.service.submit, []

    def slow(*arguments: object, **named: object) -> object:
        inner.append(api.post({"code": "danger\n"}, headers={"Idempotency-Key": "k1"}))
        return submit(*arguments, **named)

    monkeypatch.setattr(api.service, "submit", slow)
    assert api.post({"code": "danger\n"}, headers={"Idempotency-Key": "k1"}).status_code == 202
    assert (inner[0].status_code, inner[0].json["type"]) == (409, "/problems/idempotency-conflict")


def test_a_failed_request_frees_its_key(api: Api) -> None:
    """What was refused may be tried again under the same key."""
    headers = {"Idempotency-Key": "k1"}
    assert api.post({"code": ""}, headers=headers).status_code == 422
    assert api.post({"code": "danger\n"}, headers=headers).status_code == 202


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_an_idempotency_key_that_cannot_be_one_is_refused(api: Api, key: str) -> None:
    """Rather than ignored."""
    answer = api.post({"code": "danger\n"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid-parameter")
