"""Prompts: everything of the project fenced, the part all calls of a chunk share in front, the task behind it.

The order is what makes caching work: rules, outline, code, and only then what one call alone asks. It also leaves the
last word to us rather than to the code.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from codereview.agents.lenses import Lens
from codereview.agents.prompts import filled, part
from codereview.domain.findings import Finding
from codereview.domain.sources import SourceFile
from codereview.domain.visible import visible
from codereview.language_model import Block
from codereview.planning.chunks import Chunk, Segment
from codereview.planning.commentary import commentary
from codereview.planning.context import Context, Project
from codereview.planning.redacting import Shown, shown

#: Stands for the fence until a prompt is sent. No file can contain it: control characters are shown as escapes.
_FENCE = "\0fence\0"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt without its fence. ``key`` is equal for prompts that differ in the fence alone."""

    system: tuple[str, ...]
    shared: tuple[str, ...]
    own: str

    @property
    def key(self) -> str:
        """A hash of the whole."""
        return _hash((*self.system, *self.shared, self.own))

    @property
    def prefix_key(self) -> str:
        """A hash of what it shares with the other calls about its chunk."""
        return _hash((*self.system, *self.shared))

    def blocks(self, fence: str, *, long_lived: bool = False) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
        """System and user blocks, with a cache breakpoint behind each but the last."""
        system = tuple(Block(text, cached=True, long_lived=long_lived) for text in self.system)
        shared = tuple(Block(_fenced(text, fence), cached=True, long_lived=long_lived) for text in self.shared)
        return system, (*shared, Block(_fenced(self.own, fence)))

    def continued(self, received: str) -> "Prompt":
        """The same question after an answer that broke off, of which this was received."""
        data = f'<{_FENCE} kind="received">\n{visible(received, keep=chr(10))}\n</{_FENCE}>'
        note = "An earlier answer to this broke off after the parts below. They are kept: give only what is missing."
        return Prompt(self.system, self.shared, f"{self.own}\n\n{note}\n\n{data}")

    def text(self) -> str:
        """All of it, for estimates."""
        return "\n".join((*self.system, *self.shared, self.own))


@dataclass
class Prompts:
    """Makes the prompts about one unit's files."""

    project: Project
    outline: str
    _shown: dict[str, Shown] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    _commentary: dict[str, frozenset[int]] = field(default_factory=dict)

    def find(self, chunk: Chunk, context: Context, lenses: Sequence[Lens], evidence: Mapping[str, Finding]) -> Prompt:
        """To look at a chunk under a lens, or under several at once."""
        lens = lenses[0].text
        if len(lenses) > 1:
            lens = filled("combined.md", lenses="\n\n".join(lens.text for lens in lenses))
        changed = any(self.project.files[path].changed is not None for path in chunk.paths)
        task = filled("find.md", change=part("change.md" if changed else "whole.md"), lens=lens)
        reported = "\n".join(self._evidence(name, finding) for name, finding in evidence.items())
        return self._prompt(chunk, context, self._data("evidence", reported), task)

    def verify(self, chunk: Chunk, context: Context, lens: Lens, candidates: Mapping[str, Finding]) -> Prompt:
        """To attack candidates from one side."""
        listed = "\n\n".join(self._candidate(name, finding) for name, finding in candidates.items())
        return self._prompt(chunk, context, self._data("candidates", listed), filled("verify.md", lens=lens.text))

    def fix(self, chunk: Chunk, context: Context, candidates: Mapping[str, Finding]) -> Prompt:
        """To repair what was confirmed."""
        listed = "\n\n".join(self._candidate(name, finding) for name, finding in candidates.items())
        return self._prompt(chunk, context, self._data("candidates", listed), part("fix.md"))

    def shown(self, path: str) -> Shown:
        """The file as the model sees it."""
        if path not in self._shown:
            self._shown[path] = shown(self.project.files[path])
        return self._shown[path]

    def commentary(self, path: str) -> frozenset[int]:
        """The file's lines that hold nothing but commentary."""
        if path not in self._commentary:
            self._commentary[path] = commentary(self.project.files[path])
        return self._commentary[path]

    def path_of(self, told: str) -> str | None:
        """The real path for one a model names; None when there is no such file."""
        if not self._paths:
            files = self.project.files
            # A model copies a path as it stands in the tag, or writes it as it is meant.
            self._paths = {path: path for path in files} | {visible(p): p for p in files} | {_path(p): p for p in files}
        return self._paths.get(told.strip())

    def _prompt(self, chunk: Chunk, context: Context, *own: str) -> Prompt:
        about = f"The fence of this conversation is `{_FENCE}`.\n\n{self._data('outline', self.outline)}"
        return Prompt((part("system.md"),), (about, self._code(chunk, context)), "\n\n".join(filter(None, own)))

    def _code(self, chunk: Chunk, context: Context) -> str:
        pieces = [
            self._data("context", self._lines(e.segment, mark=False), self._place(e.segment), why=e.why)
            for e in context.excerpts
        ]
        pieces += [self._data("code", self._lines(s, mark=True), self._place(s)) for s in chunk.segments]
        return "\n".join(pieces)

    def _lines(self, segment: Segment, *, mark: bool) -> str:
        file, lines = self.project.files[segment.path], self.shown(segment.path).lines
        gone = _removed(file, segment) if mark else {}
        result: list[str] = []
        for number in range(segment.first, segment.last + 2):
            result.extend(f"-| {line}" for line in gone.get(number, ()))
            if number <= segment.last and not (file.sparse and not lines[number - 1]):
                plus = "+" if mark and file.changed is not None and file.is_changed(number, number) else ""
                result.append(f"{plus}{number}| {lines[number - 1]}")
        return "\n".join(result)

    def _place(self, segment: Segment) -> str:
        file = self.project.files[segment.path]
        return f' path="{_path(segment.path)}" lines="{segment.first}-{segment.last}" language="{file.language}"'

    def _data(self, kind: str, text: str, attributes: str = "", *, why: str = "") -> str:
        if not text:
            return ""
        because = f' why="{_path(why)}"' if why else ""
        return f'<{_FENCE} kind="{kind}"{attributes}{because}>\n{text}\n</{_FENCE}>'

    def _evidence(self, name: str, finding: Finding) -> str:
        place = f"{_path(finding.path)}:{finding.start_line or 1}"
        return f"{name} [{finding.rule_id}] {place} {self._quoted(finding.title, finding.path)}"

    def _candidate(self, name: str, finding: Finding) -> str:
        first = finding.start_line or 1
        last = finding.end_line or first
        code = "\n".join(f"    {line}" for line in self.shown(finding.path).lines[first - 1 : last][:15])
        cwe = f", CWE-{finding.cwe}" if finding.cwe else ""
        place = f"{_path(finding.path)}:{first}-{last}"
        return (
            f"{name}: {self._quoted(finding.title, finding.path)}{cwe}, at {place}\n{code}\n"
            f"  message: {self._quoted(finding.message, finding.path)}\n"
            f"  scenario: {self._quoted(finding.failure_scenario, finding.path)}"
        )

    def _quoted(self, text: str, path: str) -> str:
        """Words of a report on one line; what a file's secrets are is no more told here than in its code."""
        return visible(" ".join(self.shown(path).hidden(text).split()))


def fence_of(review_id: str, texts: Iterable[str]) -> str:
    """The name of a review's fence. A review's id is random and made after its code was handed in, so that the code
    cannot know it; and a name that stands in the code all the same is not taken."""
    everything = list(texts)
    counter = 0
    while True:
        name = "untrusted-" + hashlib.sha256(f"fence\0{review_id}\0{counter}".encode()).hexdigest()[:16]
        if not any(name in text for text in everything):
            return name
        counter += 1


def _fenced(text: str, fence: str) -> str:
    return text.replace(_FENCE, fence)


def _removed(file: SourceFile, segment: Segment) -> dict[int, list[str]]:
    gone = [removal for removal in file.removed if segment.first <= removal.before <= segment.last + 1]
    texts = {removal.before: removal.text.removesuffix("\n") for removal in gone}
    return {
        before: shown(SourceFile(path=file.path, text=text, language=file.language)).lines
        for before, text in texts.items()
    }


def _path(path: str) -> str:
    """A path, or other words from the project, inside a tag: nothing in it can end the attribute or the tag."""
    return visible(path).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
