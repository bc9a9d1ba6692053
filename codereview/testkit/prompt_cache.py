"""The provider's prompt cache, simulated: prefixes that end at a breakpoint are kept for some minutes and cost less.

After Anthropic's documentation of prompt caching:

- the prefix runs over tools, system and messages, in that order; each key and model has its own;
- an entry is written at a breakpoint only, but read up to twenty blocks before one;
- it can be read once the answer to the request that wrote it has begun, so that equal requests at once all write it;
- each use keeps it alive; prefixes shorter than a minimum are not cached;
- another answer format is another prefix from the start, other thinking or effort another one from the messages on.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codereview.domain.tokens import Tokens

TTL_S = {"5m": 300.0, "1h": 3600.0}
#: How many blocks back from a breakpoint an entry is looked for, the breakpoint's own included.
LOOKBACK = 20


def count(text: str) -> int:
    """Tokens of a text, for this server: four bytes each."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Tokens of a whole prompt: what counting them says, and what is billed, cached or not."""
    return sum(block.tokens for block in _blocks(body))


@dataclass(frozen=True, slots=True)
class Admission:
    """What a prompt costs; ``written`` (name and ttl) and ``read`` are the entries it makes or uses."""

    tokens: Tokens
    written: tuple[tuple[str, str], ...] = ()
    read: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    part: str
    ttl: str = ""

    @property
    def tokens(self) -> int:
        return count(self.text)


@dataclass(slots=True)
class _Entry:
    expires: float
    ttl_s: float


class PromptCache:
    """Entries by the hash of everything before their breakpoint. Safe to share between threads.

    ``clock`` gives seconds, ``minimum`` is the shortest prefix that is cached, in tokens.
    """

    def __init__(self, clock: Callable[[], float], *, minimum: int = 1024) -> None:
        self._clock = clock
        self._minimum = minimum
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def admit(self, body: Mapping[str, Any], key: str) -> Admission:
        """Price a prompt that is about to be answered: the longest cached prefix is read, the rest up to the last
        breakpoint written."""
        blocks = _blocks(body)
        names = _names(body, key, blocks)
        marks = [place for place, block in enumerate(blocks) if block.ttl]
        totals, total = [], 0
        for block in blocks:
            total += block.tokens
            totals.append(total)
        with self._lock:
            read_at = self._longest(marks, names)
        done = read = totals[read_at] if read_at >= 0 else 0
        writes, written = dict.fromkeys(TTL_S, 0), []
        for mark in marks:
            if mark > read_at and totals[mark] >= self._minimum:
                writes[blocks[mark].ttl] += totals[mark] - done
                written.append((names[mark], blocks[mark].ttl))
                done = totals[mark]
        tokens = Tokens(input=total - done, cache_read=read, cache_write_5m=writes["5m"], cache_write_1h=writes["1h"])
        return Admission(tokens, tuple(written), names[read_at] if read_at >= 0 else "")

    def begun(self, admission: Admission) -> None:
        """The answer has begun: what the request wrote can be read from now on, what it read lives on."""
        with self._lock:
            now = self._clock()
            for name, ttl in admission.written:
                lasts = max(TTL_S[ttl], self._entries[name].ttl_s if name in self._entries else 0.0)
                self._entries[name] = _Entry(now + lasts, lasts)
            if (used := self._entries.get(admission.read)) is not None:
                used.expires = now + used.ttl_s

    def _longest(self, marks: list[int], names: list[str]) -> int:
        """The place of the last block of the longest prefix that can be read; -1 when there is none."""
        now = self._clock()
        for mark in reversed(marks):
            for place in range(mark, max(-1, mark - LOOKBACK), -1):
                entry = self._entries.get(names[place])
                if entry is not None and now < entry.expires:
                    return place
        return -1


def _blocks(body: Mapping[str, Any]) -> list[_Block]:
    blocks = [_block(tool, "tools") for tool in body.get("tools") or []]
    blocks += [_block(block, "system") for block in _listed(body.get("system") or [])]
    for message in body.get("messages") or []:
        blocks += [_block(block, f"messages {message.get('role')}") for block in _listed(message.get("content") or [])]
    return blocks


def _listed(content: Any) -> list[Mapping[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _block(block: Mapping[str, Any], part: str) -> _Block:
    mark = block.get("cache_control")
    bare = {name: value for name, value in block.items() if name != "cache_control"}
    text = str(bare["text"]) if set(bare) <= {"type", "text"} and "text" in bare else json.dumps(bare, sort_keys=True)
    return _Block(text, part, mark.get("ttl", "5m") if mark else "")


def _names(body: Mapping[str, Any], key: str, blocks: list[_Block]) -> list[str]:
    """The name of the prefix that ends at each block."""
    config = body.get("output_config") or {}
    digest = hashlib.sha256(json.dumps([key, body["model"], config.get("format")], sort_keys=True).encode())
    inner = json.dumps([body.get("thinking"), config.get("effort"), body.get("tool_choice")], sort_keys=True)
    names, in_messages = [], False
    for block in blocks:
        if not in_messages and block.part.startswith("messages"):
            in_messages = True
            digest.update(f"\0{inner}".encode())
        digest.update(f"\0{block.part}\0{block.text}".encode("utf-8", "surrogatepass"))
        names.append(digest.hexdigest())
    return names
