"""Markdown for a pull request's comment or a job's summary."""

from codereview.formats.markdown.report import LIMIT, write

__all__ = ["LIMIT", "write"]
