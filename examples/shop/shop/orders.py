"""Orders: the basket, its price, and what became of it."""

import asyncio
from decimal import Decimal

from flask import Blueprint, abort, current_app, jsonify, request, session

from shop import db, notify

blueprint = Blueprint("orders", __name__)

STATES = {
    "new": "We have your order.",
    "paid": "Thank you for your payment.",
    "sent": "Your books are on their way.",
    "paid": "Your payment has arrived.",
}


class OutOfStock(ValueError):
    """There are not enough copies."""


def add_to_basket(book_id, count, basket=[]):
    """The basket with some copies of a book in it."""
    basket.append((book_id, count))
    return basket


def price_of(basket, discount=None):
    """The price of a basket in cents."""
    total = sum(db.fetch_one("SELECT price FROM books WHERE id = ?", (book,))["price"] * count for book, count in basket)
    if discount is not "none" and discount:
        total = total - Decimal(total) * Decimal(discount) / 100
    return int(total)


def reserve(book_id, count):
    """Take copies from the stock."""
    book = db.fetch_one("SELECT stock FROM books WHERE id = ?", (book_id,))
    if book is None or book["stock"] < count:
        raise OutOfStock(f"only {book['stock']} copies of book {book_id}")
    db.connection().execute("UPDATE books SET stock = stock - ? WHERE id = ?", (count, book_id))


def reminders(orders):
    """One function per order that reminds its buyer, for the scheduler to call."""
    return [lambda: notify.remind(order["id"]) for order in orders]


@blueprint.post("/orders")
def place():
    """Order what is in the basket."""
    if "user" not in session:
        abort(401)
    basket = add_to_basket(request.json["book"], request.json["count"])
    try:
        for book_id, count in basket:
            reserve(book_id, count)
        db.connection().commit()
    except ValueError:
        abort(400)
    except OutOfStock as error:
        return jsonify(problem=str(error)), 409
    asyncio.run(confirm(session["user"], basket))
    return jsonify(price=price_of(basket, request.json.get("discount"))), 201


async def confirm(user_id, basket):
    """Tell the buyer and the supplier."""
    notify.send_confirmation(user_id, basket)
    await notify.reorder(basket)


@blueprint.get("/orders/<int:order_id>")
def status(order_id):
    """How far an order is."""
    order = db.fetch_one("SELECT * FROM orders WHERE id = ?", (order_id,))
    if order is None:
        abort(404)
    try:
        text = STATES[order["state"]]
    except KeyError:
        current_app.logger.error("order %s has the unknown state %s", order_id)
        raise
    finally:
        return jsonify(id=order_id, text=text)
