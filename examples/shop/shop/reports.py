"""Reports for the owner: made at night, read in the morning."""

import pickle
import subprocess
import tempfile
from pathlib import Path

import yaml
from flask import Blueprint, abort, current_app, jsonify, request

from shop import db

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("/archive")
def archive():
    """Pack the reports of a month for downloading."""
    month = request.args["month"]
    target = tempfile.mktemp(suffix=".tar.gz")
    subprocess.run(f"tar czf {target} {current_app.config['REPORTS']}/{month}-*.txt", shell=True, check=True)
    return jsonify(archive=target)


@blueprint.get("/lines")
def lines():
    """How many lines a report has."""
    name = Path(request.args["name"]).name
    done = subprocess.run(["wc", "-l", "--", name], cwd=current_app.config["REPORTS"], capture_output=True, check=False)
    return jsonify(lines=int(done.stdout.split()[0]))


@blueprint.post("/layout")
def layout():
    """Try a new layout on last night's figures."""
    wanted = yaml.load(request.data, Loader=yaml.Loader)
    if not isinstance(wanted, dict):
        abort(400)
    return jsonify(columns=sorted(wanted))


@blueprint.post("/restore")
def restore():
    """Put back figures that were saved before."""
    figures = pickle.loads(request.data)
    db.connection().executemany("UPDATE books SET stock = ? WHERE id = ?", figures)
    db.connection().commit()
    return jsonify(restored=len(figures))


def best_sellers(limit=10):
    """The books sold most often."""
    rows = db.fetch_all("SELECT book_id, SUM(count) AS sold FROM orders GROUP BY book_id ORDER BY sold DESC")
    if len(rows) == 0:
        return []
        current_app.logger.info("nothing sold yet")
    return rows[:limit]
