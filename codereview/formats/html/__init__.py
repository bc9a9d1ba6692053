"""The review as one HTML file: no scripts, nothing loaded; for artefacts, mail and readers without scripts."""

from codereview.formats.html.document import POLICY, write

__all__ = ["POLICY", "write"]
