"""What came out of a review: its findings, and reports in other tools' formats."""

from flask import Response

import codereview.analysers.registry as analysers
from api.answers import answer, conditional
from api.operations import Answer, Routes, caller, query
from api.schemas import ReportQuery, SourceQuery, SourceView
from api.state import state
from codereview.agents.model_rules import MODEL_RULES
from codereview.formats import FORMATS, render
from codereview.web.problems import CodeExpired, ReviewNotEnded
from codereview.web.replies import finding_list
from codereview.web.schemas import FindingList, FindingsQuery

routes = Routes()


@routes.get(
    "/api/review/<review_id>/findings",
    query=FindingsQuery,
    answers={200: Answer("The findings.", FindingList)},
)
def get_findings(review_id: str) -> Response:
    """The findings, also while the review runs."""
    asked = query(FindingsQuery)
    review = state().product.service.get(review_id, owner=caller().owner)
    return answer(finding_list(review, asked))


@routes.get(
    "/api/review/<review_id>/report",
    query=ReportQuery,
    answers={
        200: Answer(
            "The report.",
            media_types=tuple(dict.fromkeys(each.media_type for each in FORMATS.values())),
            headers={"ETag": "Names this report."},
        ),
        304: Answer("It is as If-None-Match says."),
    },
    problems=(ReviewNotEnded,),
    headers={"If-None-Match": "The ETag of what the client has."},
)
def get_report(review_id: str) -> Response:
    """The ended review as a report: SARIF, Markdown and others."""
    name = query(ReportQuery).format
    review = state().product.service.get(review_id, owner=caller().owner)
    if not review.status.terminal:
        raise ReviewNotEnded(
            f"the review is {review.status}; …/findings has what was found so far, …/events tells when it ends",
            reviewId=review.id,
            reviewStatus=str(review.status),
        )
    text = render(review, name, rules=analysers.rules() | MODEL_RULES)
    response = Response(text, content_type=FORMATS[name].media_type)
    if policy := FORMATS[name].policy:
        response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
    response.headers["Content-Disposition"] = f'inline; filename="{review.id}{FORMATS[name].suffix}"'
    return conditional(response)


@routes.get(
    "/api/review/<review_id>/source",
    query=SourceQuery,
    answers={200: Answer("The file, with secrets masked as the findings quote them.", SourceView)},
    problems=(CodeExpired,),
)
def get_source(review_id: str) -> Response:
    """A file of the code under review, for as long as that is kept (a day)."""
    path = query(SourceQuery).path
    file = state().product.service.source(review_id, path, owner=caller().owner)
    if file is None:
        raise CodeExpired(reviewId=review_id)
    view = SourceView(path=file.path, language=file.language, text=file.text, changed=file.changed, sparse=file.sparse)
    return answer(view)
