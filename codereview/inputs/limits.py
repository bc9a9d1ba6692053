"""How much is read for one review."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one review. Bytes are those of the files as they are stored."""

    #: A larger file is left out, and the review is partial.
    max_file_bytes: int = 1_000_000
    #: Files beyond this are left out, and the review is partial.
    max_files: int = 5_000
    #: A submission over the network beyond this is refused; of a directory, the rest is left out.
    max_total_bytes: int = 50_000_000


DEFAULT_LIMITS = Limits()
