"""The program that parses texts first, in a process of its own; run as a script, never imported.

A grammar that fits nothing can take memory by the square of a text's length, or overflow the stack of the C library,
both without ever asking whether it may go on. So it happens here, where nothing is lost when it does.

Arguments: bytes of address space, the directories to import from (joined as in PATH), the names of the grammars'
modules and functions. Input: for each text the number of its grammar and of its bytes (two little-endian 32-bit
numbers), and the bytes. Output: one byte when it can begin, and one for each text that was parsed.
"""

import importlib
import resource
import signal
import struct
import sys

#: Seconds after which a text is given up even if whoever gave it is gone, and so cannot do it.
_LONGEST_S = 60


def main(memory: str, path: str, *grammars: str) -> None:
    """Parse until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path[:] = path.split(":")
    # Only now can they be imported; and a process of the least size is wanted.
    tree_sitter = importlib.import_module("tree_sitter")
    languages = []
    for grammar in grammars:
        module, _, function = grammar.partition(":")
        languages.append(tree_sitter.Language(getattr(importlib.import_module(module), function)()))
    parsers = [tree_sitter.Parser(language) for language in languages]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    _answer()
    while header := sys.stdin.buffer.read(8):
        number, size = struct.unpack("<II", header)
        data = sys.stdin.buffer.read(size)
        signal.alarm(_LONGEST_S)
        parsers[number].parse(data)
        signal.alarm(0)
        _answer()


def _answer() -> None:
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
