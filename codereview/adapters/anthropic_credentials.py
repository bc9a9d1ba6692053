"""Whether there are credentials for Anthropic's API, told without loading its client."""

import os
from collections.abc import Mapping
from pathlib import Path

#: What Anthropic's client looks for besides its configuration directory, in its own order.
_CREDENTIALS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
)


def has_credentials(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether Anthropic's client would find credentials; cheap, where making the client takes a second."""
    if any(environment.get(name) for name in _CREDENTIALS):
        return True
    own = environment.get("ANTHROPIC_CONFIG_DIR")
    directory = Path(own) if own else Path(environment.get("HOME", "~")).expanduser() / ".config" / "anthropic"
    return (directory / "active_config").is_file() or (directory / "configs" / "default.json").is_file()
