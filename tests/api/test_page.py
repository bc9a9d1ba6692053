"""The page: one document and its modules, nothing from elsewhere, nothing inline."""

import re
from pathlib import Path

import pytest
from support.api_app import Api

import codereview.formats.html

STATIC = Path(__file__).parents[2] / "api" / "static"
MODULES = sorted(path.name for path in STATIC.glob("*.js"))


@pytest.mark.parametrize("path", ["/", "/history", "/compare?base=rv_1&head=rv_2", "/?status=running&anything=goes"])
def test_every_page_is_the_same_document(api: Api, path: str) -> None:
    """The script reads the address; filters in it are the page's own business."""
    answer = api.client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.get_data() == api.client.get("/").get_data()
    again = api.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_addresses_in_the_document_hold_under_any_path(api: Api) -> None:
    """They are relative: a proxy may serve the page below a prefix, and a review is one level deeper."""
    for path, up in (("/", ""), ("/review/rv_5f0c", "../")):
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', api.client.get(path).text)
        assert f"{up}static/app.js" in loaded
        assert all(
            address.startswith((f"{up}static/", f"{up}api/", f"{up}problems", f"{up}history", f"{up}./"))
            for address in loaded
        )
    report = "api/review/rv_5f0c/report?format=html"
    assert f'href="../{report}"' in api.client.get("/review/rv_5f0c").text


def test_the_document_obeys_the_policy_it_is_sent_with() -> None:
    """No inline script, style or handler, and nothing loaded from another host."""
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=", html)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert not [address for address in loaded if "//" in address or address.startswith(("data:", "javascript:"))]


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_served_as_modules_and_build_no_markup(api: Api, name: str) -> None:
    """What a review says is hostile: it becomes text, never HTML."""
    with api.client.get(f"/static/{name}") as answer:
        assert answer.mimetype in ("text/javascript", "application/javascript")
        source = answer.text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source)
    for imported in re.findall(r'from "\./([\w.-]+)"', source):
        assert imported in MODULES


def test_every_module_is_asked_for_at_once() -> None:
    """Not one after the other as imports are met: the first paint would wait for it."""
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'(?:modulepreload" href|src)="static/([\w-]+\.js)"', html)) == set(MODULES)


def test_nothing_outside_the_static_folder_is_served(api: Api) -> None:
    """However the path is written."""
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
        with api.client.get(path) as answer:
            assert answer.status_code == 404


def test_the_page_knows_every_word_of_the_domain() -> None:
    """One it does not know would look like none."""
    from codereview.domain.coverage import EXPECTED
    from codereview.domain.findings import Confidence, Severity
    from codereview.domain.reviews import ReviewStatus, Verdict

    words = (STATIC / "words.js").read_text()
    assert all(re.search(rf"\b{word}: ", words) for word in [*ReviewStatus, *Verdict, *Severity, *Confidence])
    expected = re.search(r"EXPECTED = new Set\(\[(.*?)\]", words, re.DOTALL)
    assert expected
    assert set(re.findall(r'"([^"]+)"', expected[1])) == EXPECTED


def test_the_static_report_has_the_colours_of_the_page() -> None:
    """They are two files, because the library does not know the API; they must not drift apart."""
    report = Path(codereview.formats.html.__file__).with_name("report.css")
    tokens = [
        dict(re.findall(r"--([\w-]+): (light-dark\([^)]*\))", path.read_text()))
        for path in (report, STATIC / "style.css")
    ]
    assert len(tokens[0]) > 10
    assert tokens[0] == {name: tokens[1][name] for name in tokens[0]}


def test_a_file_of_the_code_is_shown_as_long_as_it_is_kept(api: Api) -> None:
    """With lines that hold a secret as their findings quote them; what is not there is gone, not an error."""
    review_id = api.ended()
    answer = api.client.get(f"/api/review/{review_id}/source?path=app.py")
    assert answer.status_code == 200
    assert answer.json["path"] == "app.py"
    assert answer.json["text"]
    assert api.client.get(f"/api/review/{review_id}/source?path=other.py").json["type"].endswith("code-expired")
