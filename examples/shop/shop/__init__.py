"""The bookshop's web application."""

from flask import Flask

from shop import accounts, catalogue, db, orders, reports
from shop.config import Config


def create_app(config=None):
    """Build the application and connect its parts."""
    app = Flask(__name__, static_folder="../static")
    app.config.from_object(config or Config)
    app.register_blueprint(catalogue.blueprint)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(orders.blueprint)
    app.register_blueprint(reports.blueprint)
    app.teardown_appcontext(db.close)
    return app


if __name__ == "__main__":
    create_app().run(host="0.0.0.0", debug=True)
