"""Books: searching them, looking at one, and their covers."""

import os

from flask import Blueprint, abort, current_app, jsonify, render_template, request, send_file
from werkzeug.utils import secure_filename

from shop import db

blueprint = Blueprint("catalogue", __name__)

SORTABLE = {"title": "title", "author": "author", "price": "price"}


@blueprint.get("/books")
def search():
    """Books whose title or author contains a word."""
    word = request.args.get("q", "")
    order = SORTABLE.get(request.args.get("sort", "title"), "title")
    query = f"SELECT * FROM books WHERE title LIKE '%{word}%' OR author LIKE '%{word}%' ORDER BY {order}"
    rows = db.connection().execute(query).fetchall()
    return render_template("search.html", books=rows, word=word)


@blueprint.get("/books/<int:book_id>")
def show(book_id):
    """One book."""
    book = db.fetch_one("SELECT * FROM books WHERE id = ?", (book_id,))
    if book is None:
        abort(404)
    return jsonify(dict(book))


@blueprint.get("/covers")
def cover():
    """The picture of a cover."""
    name = request.args["name"]
    path = os.path.join(current_app.config["COVERS"], name)
    return send_file(path)


@blueprint.post("/covers")
def upload_cover():
    """Store a new cover."""
    picture = request.files["picture"]
    name = secure_filename(picture.filename)
    if not name.endswith((".png", ".jpg")):
        abort(415)
    picture.save(os.path.join(current_app.config["COVERS"], name))
    return jsonify(name=name), 201


@blueprint.get("/greeting")
def greeting():
    """The line above the catalogue."""
    return f"<p>Welcome back, {request.args.get('name', 'reader')}!</p>"
