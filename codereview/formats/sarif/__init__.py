"""SARIF 2.1.0, for code scanning and every viewer of static analysis."""

from codereview.formats.sarif.log import write

__all__ = ["write"]
