"""What bad input gets: a status, a problem type, and a sentence that says what was wrong."""

import base64
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from support.api_app import Api
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from codereview.inputs.limits import Limits

JSON = {"Content-Type": "application/json"}


def problem(answer: TestResponse) -> tuple[int, str]:
    """Status and type of a problem; fails for anything else."""
    assert answer.content_type == "application/problem+json", answer.text
    document = answer.json
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"]
    assert document["requestId"] == answer.headers["X-Request-Id"]
    return answer.status_code, document["type"].removeprefix("/problems/")


def _zip(**files: bytes) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    ("body", "status", "slug", "said"),
    [
        ({}, 422, "invalid-submission", "give exactly one of code, files, diff or archive; none was given"),
        ({"code": ""}, 422, "empty-submission", ""),
        ({"code": "  \n"}, 422, "empty-submission", ""),
        ({"files": []}, 422, "empty-submission", "the list of files is empty"),
        ({"diff": ""}, 422, "empty-submission", "the diff is empty"),
        ({"code": "x", "diff": "y"}, 422, "invalid-submission", "code and diff were given"),
        (
            {"code": "x", "options": {"agents": ["security", "style"]}},
            422,
            "invalid-submission",
            "unknown agent 'style'",
        ),
        ({"code": 5}, 422, "invalid-submission", "/code: input should be a valid string"),
        ({"code": "x", "options": {"maxFindings": "5"}}, 422, "invalid-submission", "/options/maxFindings"),
        ({"files": [{"path": "../etc/passwd", "text": "x"}]}, 422, "path-outside-root", "../etc/passwd"),
        ({"files": [{"path": "/etc/passwd", "text": "x"}]}, 422, "path-outside-root", "/etc/passwd"),
        ({"archive": "bm90IGEgemlw"}, 422, "bad-archive", ""),
        ({"archive": "***"}, 422, "bad-archive", ""),
        ({"diff": "not a diff"}, 422, "invalid-submission", ""),
    ],
)
def test_a_submission_that_cannot_be_reviewed_is_refused_with_the_reason(
    api: Api, body: object, status: int, slug: str, said: str
) -> None:
    """Nothing is accepted that would end as an empty review."""
    answer = api.post(body)
    assert problem(answer) == (status, slug)
    assert said in answer.json["detail"]
    assert api.store.page(owner="").reviews == ()


def test_a_diff_that_does_not_apply_to_the_files_given_is_refused(api: Api) -> None:
    """The lines it talks about are not those of the file."""
    diff = "--- a/app.py\n+++ b/app.py\n@@ -1,1 +1,1 @@\n-old\n+new\n"
    answer = api.post({"diff": diff, "baseFiles": [{"path": "app.py", "text": "something else\n"}]})
    assert problem(answer) == (422, "diff-does-not-apply")


@pytest.mark.parametrize(
    ("body", "pointer", "near"),
    [
        ({"code": "x", "filname": "a.py"}, "/filname", "did you mean 'filename'?"),
        ({"code": "x", "options": {"minseverity": "high"}}, "/options/minseverity", "did you mean 'minSeverity'?"),
        ({"code": "x", "options": {"min_severity": "high"}}, "/options/min_severity", "did you mean 'minSeverity'?"),
        ({"files": [{"path": "a", "text": "x"}, {"path": "a", "txt": "x"}]}, "/files/1/txt", "did you mean 'text'?"),
        ({"code": "x", "a/b~c": 1}, "/a~1b~0c", "there are archive, baseFiles, code"),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_right_one(api: Api, body: object, pointer: str, near: str) -> None:
    """A misspelt option that is ignored is a review the caller did not ask for."""
    answer = api.post(body)
    assert problem(answer) == (422, "unknown-field")
    assert near in answer.json["detail"]
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_every_mistake_is_listed_with_a_json_pointer(api: Api) -> None:
    """One round trip is enough to correct them all."""
    answer = api.post({"code": 1, "options": {"failOn": "worst", "budgetUsd": -1}})
    assert problem(answer) == (422, "invalid-submission")
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/code",
        "/options/failOn",
        "/options/budgetUsd",
    }


def test_a_refusal_never_quotes_the_code(api: Api) -> None:
    """Problems end up in logs of clients and proxies."""
    answer = api.post({"code": ["hunter22"], "filename": {"hunter22": 1}})
    assert "hunter22" not in answer.text.replace("/filename/hunter22", "")


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"{", 1, 1),
        (b'{"code": "x",\n "filename" "a.py"}', 2, 13),
        (b"", 1, 0),
        (b'{"code": "\xff"}', 1, 11),
        (b'{"code": "x", "options": {"budgetUsd": NaN}}', 1, 40),
        (b'{"code": "\\ud800"}', 1, 16),
    ],
)
def test_malformed_json_is_refused_with_line_and_column(api: Api, body: bytes, line: int, column: int) -> None:
    """So is text that is not UTF-8, and numbers JSON does not have."""
    answer = api.client.post("/api/review", data=body, headers=JSON)
    assert problem(answer) == (400, "malformed-json")
    assert (answer.json["line"], answer.json["column"]) == (line, pytest.approx(column, abs=2))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_a_body_that_does_not_say_it_is_json_is_refused(api: Api, content_type: str | None) -> None:
    """It also keeps forms of other pages out: they cannot say so."""
    answer = api.client.post("/api/review", data=b'{"code": "x"}', content_type=content_type)
    assert problem(answer) == (415, "unsupported-media-type")


def test_a_compressed_or_differently_encoded_body_is_refused(api: Api) -> None:
    """Rather than misread."""
    for headers in ({**JSON, "Content-Encoding": "gzip"}, {"Content-Type": "application/json; charset=latin-1"}):
        assert problem(api.client.post("/api/review", data=b"{}", headers=headers)) == (415, "unsupported-media-type")


def test_a_body_over_the_limit_is_refused_without_being_read(make_api: Callable[..., Api]) -> None:
    """By its length when it says one."""

    class Unreadable(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

    api = make_api(max_request_bytes=1000)
    answer = api.client.post(
        "/api/review",
        input_stream=Unreadable(),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "1001"},
    )
    assert problem(answer) == (413, "too-large")
    assert answer.json["limit"] == 1000


def test_a_chunked_body_is_read_up_to_the_limit_only(make_api: Callable[..., Api]) -> None:
    """It says no length; reading stops at the limit."""

    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            assert self.taken < 100_000, "reading did not stop"
            self.taken += len(buffer)
            buffer[:] = b" " * len(buffer)
            return len(buffer)

    api = make_api(max_request_bytes=1000)
    environ = EnvironBuilder("/api/review", method="POST", content_type="application/json").get_environ()
    body = io.BufferedReader(Endless(), 512)
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body, "wsgi.input_terminated": True}
    chunks, status, _ = run_wsgi_app(api.app, environ, buffered=True)
    assert status.startswith("413"), b"".join(chunks)
    assert b'"/problems/too-large"' in b"".join(chunks)


def test_more_code_than_the_service_takes_is_refused(make_api: Callable[..., Api]) -> None:
    """The total of a submission has a limit of its own."""
    api = make_api(limits=Limits(max_total_bytes=100))
    files = [{"path": f"{n}.py", "text": "x = 1\n" * 10} for n in range(3)]
    assert problem(api.post({"files": files})) == (413, "too-large")


def test_what_is_left_out_of_a_submission_is_in_the_coverage(make_api: Callable[..., Api]) -> None:
    """A binary, text that is not UTF-8, a file too large and one too many: accepted, skipped, and said."""
    api = make_api(limits=Limits(max_file_bytes=1000, max_files=2))
    files = {"a.py": b"x = 1\n", "b.bin": b"\0\1\2\0", "c.py": b"y = '\xe9'\n", "d.py": b"z = 1\n" * 500}
    files |= {"e.py": b"a = 1\n", "f.py": b"b = 1\n"}
    review_id = api.post({"archive": _zip(**files)}).json["reviewId"]
    api.assembly.run(review_id)
    review = api.client.get(f"/api/review/{review_id}").json
    reasons = {entry["path"]: entry["reason"] for entry in review["coverage"] if entry["state"] == "skipped"}
    assert reasons == {
        "b.bin": "binary",
        "c.py": "encoding",
        "d.py": "too large",
        "f.py": "too many files",
    }
    assert review["verdict"] == "incomplete"


ROUTES = ["", "/events", "/findings", "/report"]


@pytest.mark.parametrize("review_id", ["rv_0123456789abcdef0123", "x", "%2e%2e", "rv_" + "a" * 80, "ü"])
@pytest.mark.parametrize("route", ROUTES)
def test_an_unknown_review_is_404_on_every_route(api: Api, review_id: str, route: str) -> None:
    """Also an id that cannot be one."""
    assert problem(api.client.get(f"/api/review/{review_id}{route}")) == (404, "unknown-review")


@pytest.mark.parametrize(("method", "route"), [("POST", "/cancel"), ("DELETE", ""), ("POST", "/ticket")])
def test_an_unknown_review_cannot_be_changed(api: Api, method: str, route: str) -> None:
    """Nor a ticket be had for it."""
    assert problem(api.client.open(f"/api/review/rv_unknown{route}", method=method)) == (404, "unknown-review")


def test_an_unknown_address_is_a_problem_too(api: Api) -> None:
    """Not a page of HTML."""
    answer = api.client.get("/api/revue")
    assert problem(answer) == (404, "not-found")
    assert answer.json["instance"] == "/api/revue"


def test_a_wrong_method_says_which_are_right(api: Api) -> None:
    """In Allow, as HTTP asks, and in the sentence."""
    answer = api.client.put("/api/review")
    assert problem(answer) == (405, "method-not-allowed")
    assert {method.strip() for method in answer.headers["Allow"].split(",")} == {"POST", "OPTIONS"}
    assert "it takes OPTIONS, POST" in answer.json["detail"]


@pytest.mark.parametrize(
    ("address", "slug", "said"),
    [
        ("/api/reviews?limt=5", "unknown-parameter", "did you mean 'limit'?"),
        ("/api/health?verbose=1", "unknown-parameter", "there is no parameter 'verbose' here"),
        ("/api/reviews?limit=0", "invalid-parameter", "limit: input should be greater than or equal to 1"),
        ("/api/reviews?limit=201", "invalid-parameter", "limit"),
        ("/api/reviews?limit=many", "invalid-parameter", "limit"),
        ("/api/reviews?limit=1&limit=2", "invalid-parameter", "give it once"),
        ("/api/reviews?status=done", "invalid-parameter", "status"),
        ("/api/reviews?cursor=made-up", "invalid-cursor", ""),
        ("/api/review/{id}/findings?severity=grave", "invalid-parameter", "severity"),
        ("/api/review/{id}/findings?agent=style", "invalid-parameter", "unknown agent 'style'"),
        ("/api/review/{id}/events?after=-1", "invalid-parameter", "after"),
        ("/api/review/{id}/report?format=pdf", "invalid-parameter", "unknown format 'pdf'; the formats are text"),
    ],
)
def test_query_parameters_are_checked(api: Api, address: str, slug: str, said: str) -> None:
    """A misspelt filter that is ignored shows what was not asked for."""
    answer = api.client.get(address.format(id=api.ended()))
    assert problem(answer) == (400, slug)
    assert said in answer.json["detail"]


def test_too_many_waiting_reviews_are_refused_with_a_time_to_come_back(make_api: Callable[..., Api]) -> None:
    """An unbounded backlog would fail everybody."""
    from codereview.application.review_service import Admission

    api = make_api(admission=Admission(max_waiting=1))
    api.submit()
    answer = api.post({"code": "danger\n"})
    assert problem(answer) == (429, "overloaded")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_part_of_the_service_that_is_away_is_503_and_not_our_fault_either(api: Api) -> None:
    """With a time to come back; and the review that could not be started does not stay behind as running."""
    api.assembly.dispatcher.broken = True
    answer = api.post({"code": "danger\n"})
    assert problem(answer) == (503, "backend-unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_mistake_of_ours_is_500_without_a_stack(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gets the request id, the log the rest."""
    monkeypatch.setattr(api.service, "get", lambda *_, **__: 1 / 0)
    answer = api.client.get("/api/review/rv_1", headers={"X-Request-Id": "mine"})
    assert problem(answer) == (500, "internal")
    assert "mine" in answer.json["detail"]
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize("path", ["/api/review/rv_unknown", "/api/nothing", "/api/review"])
def test_every_problem_type_leads_to_a_page_that_explains_it(api: Api, path: str) -> None:
    """``type`` is a relative URI reference that can be followed."""
    page = api.client.get(api.client.get(path).json["type"])
    assert page.status_code == 200
    assert "What to do" in page.text
