"""The catalogue, over HTTP."""

import pytest

from shop import create_app
from shop.config import TestConfig


@pytest.fixture
def client():
    return create_app(TestConfig).test_client()


def test_an_empty_catalogue_says_so(client):
    page = client.get("/books?q=whale")
    assert page.status_code == 200
    assert b"Nothing found." in page.data


def test_an_unknown_book_is_not_found(client):
    assert client.get("/books/1").status_code == 404
