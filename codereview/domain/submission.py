"""What a caller hands in: the shape of ``POST /api/review`` and of every other way in."""

from typing import Self

from pydantic import Field, model_validator

from codereview.domain.model import Model
from codereview.domain.reviews import AGENTS, ReviewOptions
from codereview.domain.sources import Sources

_SOURCES = ("code", "files", "diff", "archive")


class SubmittedFile(Model):
    """One file by its text."""

    path: str = Field(min_length=1, max_length=1024)
    text: str


class Submission(Model):
    """Exactly one of ``code`` (with ``filename``), ``files``, ``diff`` (with the base files it applies to, where
    they are known) or ``archive`` (base64 of a .zip or .tar.gz), and the options.
    """

    code: str | None = None
    filename: str | None = Field(default=None, max_length=1024)
    files: tuple[SubmittedFile, ...] | None = None
    diff: str | None = None
    base_files: tuple[SubmittedFile, ...] | None = None
    archive: str | None = None
    #: What is reviewed, in words, for lists and reports.
    label: str = Field(default="", max_length=200)
    revision: str = Field(default="", max_length=200)
    options: ReviewOptions = ReviewOptions()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            said = "none was given" if not given else f"{' and '.join(given)} were given"
            raise ValueError(f"give exactly one of code, files, diff or archive; {said}")
        if self.filename is not None and self.code is None:
            raise ValueError("filename goes with code")
        if self.base_files is not None and self.diff is None:
            raise ValueError("baseFiles goes with diff")
        unknown = [agent for agent in self.options.agents if agent not in AGENTS]
        if unknown:
            raise ValueError(f"unknown agent {unknown[0]!r}; the agents are {', '.join(AGENTS)}")
        return self


class Job(Model):
    """A submission already read: what the planner works on. The CLI builds one from the disk directly."""

    sources: Sources
    options: ReviewOptions = ReviewOptions()
    revision: str = ""
