"""Taking files in: one place where every file, whichever way it came, is checked against the same rules."""

from collections.abc import Sequence

from codereview.domain.coverage import CoverageEntry, SkipReason
from codereview.domain.sources import LineRange, Removal, SourceFile, Sources
from codereview.errors import TooLarge
from codereview.inputs.decoding import check_text, decode
from codereview.inputs.limits import Limits
from codereview.inputs.refusal import Refusal, skipped
from codereview.inputs.selection import generated
from codereview.syntax.languages import language_of


class Intake:
    """The files taken so far, and those not taken with the reason.

    ``refuse_excess`` says what becomes of bytes beyond the total: True refuses the whole submission, False leaves
    further files out.
    """

    def __init__(self, limits: Limits, *, refuse_excess: bool) -> None:
        self.limits = limits
        self._refuse_excess = refuse_excess
        self._files: list[SourceFile] = []
        self._skipped: list[CoverageEntry] = []
        self._bytes = 0

    def skip(self, path: str, reason: SkipReason, detail: str) -> None:
        """Leave a file or directory out."""
        self._skipped.append(skipped(path, reason, detail))

    def refuse(self, path: str, refusal: Refusal) -> None:
        """Leave a file or directory out for a reason found elsewhere."""
        self._skipped.append(refusal.entry(path))

    def offer(
        self,
        path: str,
        content: bytes | str,
        *,
        on_purpose: bool = False,
        changed: Sequence[LineRange] | None = None,
        removed: Sequence[Removal] = (),
        sparse: bool = False,
    ) -> None:
        """Take the file or leave it out. ``on_purpose``: a person named it, so that it is reviewed even if generated.

        Raises TooLarge when the total is exceeded and the intake was told to refuse that.
        """
        size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "surrogatepass"))
        text = self._too_large(size) or (decode(content) if isinstance(content, bytes) else check_text(content))
        if isinstance(text, Refusal):
            self.refuse(path, text)
            return
        language = language_of(path, text)
        refusal = self._unwanted(text, language, on_purpose=on_purpose) or self._no_room(size)
        if refusal is not None:
            self.refuse(path, refusal)
            return
        self._bytes += size
        ranges = tuple(changed) if changed is not None else None
        self._files.append(
            SourceFile(path=path, text=text, language=language, changed=ranges, sparse=sparse, removed=tuple(removed))
        )

    @property
    def full(self) -> bool:
        """Whether no further file fits."""
        return len(self._files) >= self.limits.max_files

    def sources(self, label: str = "") -> Sources:
        """Everything, in the order of the paths. ``label`` says in words what was reviewed."""
        return Sources(
            files=tuple(sorted(self._files, key=lambda file: file.path)),
            skipped=tuple(sorted(self._skipped, key=lambda entry: (entry.path, str(entry.reason)))),
            label=label[:200],
        )

    def _too_large(self, size: int) -> Refusal | None:
        limit = self.limits.max_file_bytes
        return too_large(size, limit) if size > limit else None

    def _unwanted(self, text: str, language: str, *, on_purpose: bool) -> Refusal | None:
        if not text or text.isspace():
            return Refusal(SkipReason.EMPTY, "no text in it")
        return None if on_purpose else generated(text, language)

    def _no_room(self, size: int) -> Refusal | None:
        if self.full:
            return Refusal(SkipReason.TOO_MANY_FILES, f"beyond the limit of {self.limits.max_files} files")
        total = self.limits.max_total_bytes
        if self._bytes + size <= total:
            return None
        if self._refuse_excess:
            raise TooLarge(f"the files have more than {total} bytes together; submit fewer of them", limit=total)
        return Refusal(SkipReason.TOO_LARGE, f"beyond the limit of {total} bytes for all files together")


def too_large(size: int, limit: int) -> Refusal:
    """The refusal of a file above the limit of one file."""
    return Refusal(SkipReason.TOO_LARGE, f"{size} bytes; the limit is {limit}")
