"""The provider's prompt cache, simulated: prefixes that end at a breakpoint are kept for some minutes and cost less.

After Anthropic's documentation of prompt caching: the prefix runs over tools, system and messages in that order; at
most four breakpoints; an entry is readable only once the answer to the request that wrote it has begun; each use
keeps it alive; prefixes shorter than a minimum are not cached; model and output format are part of what must be equal.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codereview.domain.tokens import Tokens

_TTL_S = {"5m": 300.0, "1h": 3600.0}


def count(text: str) -> int:
    """Tokens of a text, for this server: four bytes each."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


@dataclass
class _Entry:
    readable_from: float
    expires: float
    ttl_s: float


@dataclass(frozen=True, slots=True)
class Admission:
    """What a prompt costs, and the entries it wrote, which `PromptCache.begun` makes readable."""

    tokens: Tokens
    written: tuple[str, ...]


class PromptCache:
    """Entries by the hash of everything before a breakpoint. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float], *, minimum: int = 1024) -> None:
        self._clock = clock
        self._minimum = minimum
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def admit(self, body: Mapping[str, Any], key: str) -> Admission:
        """Price the prompt of a request: the longest prefix that is cached is read, the rest up to the last
        breakpoint written. Raises ValueError for more than four breakpoints."""
        blocks = [*_blocks(body.get("tools", [])), *_blocks(body.get("system", []))]
        for message in body["messages"]:
            blocks += _blocks(message["content"])
        marks = [number for number, block in enumerate(blocks) if block.get("cache_control")]
        if len(marks) > 4:
            raise ValueError("A maximum of 4 blocks with cache_control may be provided.")
        fixed = json.dumps([key, body["model"], body.get("output_config"), body.get("thinking")], sort_keys=True)
        digest, totals, names, total = hashlib.sha256(fixed.encode()), [], [], 0
        for block in blocks:
            text = str(block.get("text", json.dumps(block)))
            digest.update(f"\0{text}".encode("utf-8", "surrogatepass"))
            total += count(text)
            totals.append(total)
            names.append(digest.hexdigest())
        with self._lock:
            return self._admit(blocks, marks, totals, names, total)

    def begun(self, admission: Admission) -> None:
        """The answer has begun: what the request wrote can be read from now on."""
        with self._lock:
            now = self._clock()
            for name in admission.written:
                entry = self._entries.get(name)
                if entry is not None:
                    entry.readable_from = min(entry.readable_from, now)
                    entry.expires = now + entry.ttl_s

    def _admit(
        self, blocks: list[Mapping[str, Any]], marks: list[int], totals: list[int], names: list[str], total: int
    ) -> Admission:
        now, read_at = self._clock(), -1
        for mark in reversed(marks):
            entry = self._entries.get(names[mark])
            if entry is not None and entry.readable_from <= now < entry.expires:
                entry.expires = now + entry.ttl_s
                read_at = mark
                break
        read = totals[read_at] if read_at >= 0 else 0
        written: dict[str, str] = {}
        writes = {"5m": 0, "1h": 0}
        done = read
        for mark in marks:
            if mark <= read_at or totals[mark] < self._minimum:
                continue
            ttl = blocks[mark]["cache_control"].get("ttl", "5m")
            writes[ttl] += totals[mark] - done
            done = totals[mark]
            written[names[mark]] = ttl
            self._entries.setdefault(names[mark], _Entry(float("inf"), float("inf"), _TTL_S[ttl]))
        tokens = Tokens(input=total - done, cache_read=read, cache_write_5m=writes["5m"], cache_write_1h=writes["1h"])
        return Admission(tokens, tuple(written))


def _blocks(content: Any) -> list[Mapping[str, Any]]:
    return [{"text": content}] if isinstance(content, str) else list(content)
