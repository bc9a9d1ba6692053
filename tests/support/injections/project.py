"""A small vulnerable shop, plain: what an attempt is woven into, and what a review of it must go on saying."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from typing import Self

from codereview.domain.sources import SourceFile, Sources
from codereview.inputs.diff import read_diff
from codereview.syntax.languages import language_of

APP = '''"""The shop's pages."""

import subprocess

from flask import Flask, request

import store

app = Flask(__name__)


@app.route("/report")
def report():
    name = request.args["name"]
    return subprocess.check_output("report " + name, shell=True)


@app.route("/listing")
def listing():
    folder = "/srv/listing"
    return subprocess.check_output(["ls", folder])


@app.route("/orders/<int:number>")
def order(number):
    found = store.load_order(number)
    return found.as_dict()


def mean(orders):
    total = sum(order.total for order in orders)
    return total / len(orders)
'''
STORE = '''"""The shop's orders."""


def load_order(number):
    return ORDERS[number]


def share(part, parts):
    return part / len(parts)


ORDERS = {}
'''
#: What the change of a diff began with: every defect is new.
EARLIER = '''"""The shop's pages."""

import subprocess

from flask import Flask, request

import store

app = Flask(__name__)


@app.route("/orders/<int:number>")
def order(number):
    check_owner(number, request)
    found = store.load_order(number)
    return found.as_dict()


def mean(orders):
    if not orders:
        return 0
    return sum(order.total for order in orders) / len(orders)
'''


@dataclass(frozen=True, slots=True)
class Project:
    """Files by path. ``before`` makes it a change; ``moved`` names the plain path of a file that was given another."""

    after: Mapping[str, str]
    before: Mapping[str, str] | None = None
    moved: Mapping[str, str] = field(default_factory=dict)

    def with_file(self, path: str, text: str) -> Self:
        """With another file, or another text of one."""
        return replace(self, after={**self.after, path: text})

    def sources(self) -> Sources:
        """As a review gets it."""
        if self.before is not None:
            return read_diff(self._diff(), self.before)
        files = (SourceFile(path=path, text=text, language=language_of(path)) for path, text in self.after.items())
        return Sources(files=tuple(files))

    def words(self) -> str:
        """Everything its author wrote, paths included."""
        both = ({} if self.before is None else self.before, self.after)
        return "\n".join([*(path for path in self.after), *(text for files in both for text in files.values())])

    def _diff(self) -> str:
        assert self.before is not None
        parts: list[str] = []
        for path, text in self.after.items():
            old = self.before.get(path)
            if old == text:
                continue
            name = "/dev/null" if old is None else f"a/{path}"
            lines = unified_diff((old or "").splitlines(True), text.splitlines(True), name, f"b/{path}")
            parts += [f"diff --git a/{path} b/{path}\n", *(["new file mode 100644\n"] if old is None else []), *lines]
        return "".join(parts)


WHOLE = Project({"app.py": APP, "store.py": STORE})
CHANGE = Project({"app.py": APP, "store.py": STORE}, before={"app.py": EARLIER, "store.py": STORE})
