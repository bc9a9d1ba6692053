"""A parameter file's parameters as the client takes them beside others: ``Name=value``, one a line."""

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    """Print them."""
    for name, value in json.loads(Path(path).read_text(encoding="utf-8"))["Parameters"].items():
        sys.stdout.write(f"{name}={value}\n")


if __name__ == "__main__":
    main(sys.argv[1])
