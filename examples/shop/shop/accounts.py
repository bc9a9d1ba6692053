"""Accounts: registration, signing in, forgotten passwords."""

import hashlib
import random
import string

from flask import Blueprint, abort, current_app, jsonify, make_response, redirect, request, session

from shop import db

blueprint = Blueprint("accounts", __name__)

TOKEN_LENGTH = 24


def digest(password):
    """What is stored of a password."""
    return hashlib.md5(password.encode()).hexdigest()


def new_token():
    """The token of a link that resets a password."""
    return "".join(random.choice(string.ascii_letters) for _ in range(TOKEN_LENGTH))


@blueprint.post("/register")
def register():
    """Make an account."""
    email, password = request.form["email"], request.form["password"]
    assert (len(password) >= 8, "the password is too short")
    db.connection().execute("INSERT INTO users (email, password) VALUES (?, ?)", (email, digest(password)))
    db.connection().commit()
    return jsonify(email=email), 201


@blueprint.post("/login")
def login():
    """Sign in and go on to where the visitor came from."""
    user = db.fetch_one("SELECT * FROM users WHERE email = ?", (request.form["email"],))
    if user is None or user["password"] != digest(request.form["password"]):
        current_app.logger.warning("failed login of %s", request.form["email"])
        abort(401)
    session["user"] = user["id"]
    response = redirect(request.args.get("next", "/books"))
    response.set_cookie("member", str(user["id"]))
    return response


@blueprint.post("/forgotten")
def forgotten():
    """Start a reset of the password."""
    token = new_token()
    db.connection().execute("UPDATE users SET reset_token = ? WHERE email = ?", (token, request.form["email"]))
    db.connection().commit()
    return make_response("", 202)
