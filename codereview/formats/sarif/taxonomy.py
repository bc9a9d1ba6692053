"""CWE as a taxonomy of the log: the weaknesses its rules and results are about."""

from collections.abc import Iterable

from codereview.domain.findings import Finding
from codereview.formats.sarif.parts import Json

_NAME = "CWE"
_DEFINITION = "https://cwe.mitre.org/data/definitions/{}.html"


class Taxonomy:
    """The CWE numbers in use; false when there are none."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._index = {
            number: place for place, number in enumerate(sorted({f.cwe for f in findings if f.cwe is not None}))
        }

    def __bool__(self) -> bool:
        return bool(self._index)

    def taxon(self, cwe: int) -> Json:
        """A reference to one weakness."""
        return {"id": str(cwe), "index": self._index[cwe], "toolComponent": self.reference()}

    def reference(self) -> Json:
        """A reference to the taxonomy, the only one of the run."""
        return {"name": _NAME, "index": 0}

    def component(self) -> Json:
        """The taxonomy itself."""
        return {
            "name": _NAME,
            "organization": "MITRE",
            "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
            "informationUri": "https://cwe.mitre.org/",
            "isComprehensive": False,
            "taxa": [{"id": str(cwe), "name": f"CWE-{cwe}", "helpUri": _DEFINITION.format(cwe)} for cwe in self._index],
        }
