"""The page: one document and its modules, nothing from elsewhere, nothing inline."""

import re
from pathlib import Path

import pytest
from support.api_app import Api

STATIC = Path(__file__).parents[2] / "api" / "static"
MODULES = sorted(path.name for path in STATIC.glob("*.js"))


@pytest.mark.parametrize("path", ["/", "/review/rv_5f0c", "/?status=running&anything=goes"])
def test_every_page_is_the_same_document(api: Api, path: str) -> None:
    """The script reads the address; filters in it are the page's own business."""
    answer = api.client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.get_data() == (STATIC / "index.html").read_bytes()
    again = api.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_document_obeys_the_policy_it_is_sent_with() -> None:
    """No inline script, style or handler, and nothing loaded from another host."""
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", html)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(address.startswith(("/", "#")) for address in loaded)


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_served_as_modules_and_build_no_markup(api: Api, name: str) -> None:
    """What a review says is hostile: it becomes text, never HTML."""
    with api.client.get(f"/static/{name}") as answer:
        assert answer.mimetype in ("text/javascript", "application/javascript")
        source = answer.text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source)
    for imported in re.findall(r'from "\./([\w.]+)"', source):
        assert imported in MODULES


def test_nothing_outside_the_static_folder_is_served(api: Api) -> None:
    """However the path is written."""
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
        with api.client.get(path) as answer:
            assert answer.status_code == 404


def test_the_page_knows_every_verdict_and_status() -> None:
    """One it does not know would look like none."""
    from codereview.domain.findings import Severity
    from codereview.domain.reviews import ReviewStatus, Verdict

    review, home, finding = ((STATIC / name).read_text() for name in ("review.js", "home.js", "finding.js"))
    assert all(f'case "{verdict}":' in review for verdict in Verdict)
    assert all(re.search(rf"\b{status}: ", home) for status in [*ReviewStatus, *Verdict])
    assert all(re.search(rf"\b{severity}: ", finding) for severity in Severity)
