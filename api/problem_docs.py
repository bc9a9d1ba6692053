"""The pages behind the problem types."""

import inspect
from html import escape

from codereview import errors
from codereview.errors import CodeReviewError
from codereview.web import problems
from codereview.web.problems import TYPE_PREFIX

#: What to do about each problem the API can answer with. A slug without an entry here has no page: a test says so.
REMEDIES: dict[str, str] = {
    "backend-unavailable": "Try again after the seconds Retry-After names. If it lasts: GET /api/ready says what is "
    "missing.",
    "bad-archive": "Send the base64 of a .zip, .tar or .tar.gz that is not damaged, encrypted, or far larger inside.",
    "bad-request": "Read detail; the request breaks a rule of HTTP or JSON.",
    "diff-does-not-apply": "Send the base files the diff was made from, or leave baseFiles out to review its hunks.",
    "empty-submission": "Put some code in: code, files, diff or archive was there but held nothing.",
    "code-expired": "The findings quote what matters. Code is kept for a day; submit it again to see more of it.",
    "events-expired": "GET /api/review/{id} still has the result as long as the review is kept.",
    "host-refused": "Call the service by its address, or set CODEREVIEW_PUBLIC_URL to the name it is known by.",
    "idempotency-conflict": "Wait for the first request, or repeat this one a little later.",
    "idempotency-mismatch": "Use a new Idempotency-Key for another body.",
    "internal": "Report it with the request id; the log of the service has the cause.",
    "invalid-cursor": "Start again without cursor, or take it unchanged from nextCursor.",
    "invalid-message": "See the messages in the documentation of the WebSocket; errors has a JSON pointer to each "
    "mistake.",
    "invalid-parameter": "Correct the parameter that `parameter` names.",
    "invalid-submission": "Correct the fields that errors points to (JSON pointers).",
    "invalid-ticket": "POST /api/review/{id}/ticket for a new ticket, and connect again.",
    "malformed-json": "Correct the JSON at the line and column given.",
    "method-not-allowed": "Use a method the Allow header lists.",
    "not-found": "Check the address; /api/openapi.json lists what there is.",
    "not-ready": "Wait for, or start, what `missing` lists: redis, store, or worker:NAME for the worker of a queue.",
    "origin-refused": "Add the page's origin to CODEREVIEW_ALLOWED_ORIGINS.",
    "overloaded": "Try again after the seconds Retry-After names.",
    "path-outside-root": "Send paths relative to the root of the project, without .. or a leading slash.",
    "review-ended": "Nothing needs to be done: the review has ended, GET it.",
    "review-not-ended": "Wait for the terminal event, or read the findings so far.",
    "ticket-for-another-review": "Get a ticket for this review, or use an API key.",
    "too-large": "Send less, or raise CODEREVIEW_MAX_REQUEST_BYTES or CODEREVIEW_MAX_TOTAL_BYTES.",
    "too-many-connections": "Try again after the seconds Retry-After names; another process may have room.",
    "too-many-subscriptions": "Open another WebSocket.",
    "unauthenticated": "Send a valid API key: Authorization: Bearer KEY, or X-Api-Key: KEY.",
    "unknown-field": "Remove the field, or use the name detail suggests.",
    "unknown-parameter": "Remove the parameter, or use the name detail suggests.",
    "unknown-review": "Check the id. Reviews of other owners, and expired ones, are unknown too.",
    "unsupported-media-type": "Send JSON, uncompressed, as Content-Type: application/json.",
    "upgrade-required": "Connect with a WebSocket client, version 13.",
}


def _classes() -> dict[str, type[CodeReviewError]]:
    """By slug, the API's own description first."""
    found: dict[str, type[CodeReviewError]] = {}
    for module in (problems, errors):
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, CodeReviewError) and member.__module__ == module.__name__:
                found.setdefault(member.slug, member)
    return found


#: Every problem type the API can answer with.
PROBLEM_TYPES: dict[str, type[CodeReviewError]] = {
    slug: kind for slug, kind in sorted(_classes().items()) if slug in REMEDIES
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · codereview</title>
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def page_of(slug: str) -> str:
    """The page of one problem type."""
    kind = PROBLEM_TYPES[slug]
    body = (
        f"<h1>{escape(kind.title)}</h1>\n"
        f"<p><code>{TYPE_PREFIX}{slug}</code> · status {kind.status}</p>\n"
        f"<p>{escape(_sentence(kind))}</p>\n"
        f"<h2>What to do</h2>\n<p>{escape(REMEDIES[slug])}</p>\n"
        f'<p><a href="/problems">All problem types</a></p>'
    )
    return _PAGE.format(title=escape(kind.title), body=body)


def page_of_all() -> str:
    """The list."""
    rows = "\n".join(
        f'<tr><td><a href="{TYPE_PREFIX}{slug}"><code>{slug}</code></a></td><td>{kind.status}</td>'
        f"<td>{escape(_sentence(kind))}</td></tr>"
        for slug, kind in PROBLEM_TYPES.items()
    )
    head = "<tr><th>type</th><th>status</th><th>meaning</th></tr>"
    body = f"<h1>Problem types</h1>\n<table>\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    return _PAGE.format(title="Problem types", body=body)


def _sentence(kind: type[CodeReviewError]) -> str:
    return " ".join((kind.__doc__ or kind.title).split())
