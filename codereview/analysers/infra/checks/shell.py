"""What is wrong in the commands of a build, wherever they stand."""

import re

#: A download that goes straight into a shell, and a shell that is given one.
PIPED = re.compile(
    r"\b(?:curl|wget)\b[^|;&\n]{1,400}\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:env\s+)?(?:\w+=\S*\s+)*(?:/"
    r"(?:usr/)?bin/)?(?:ba|da|z|k|a)?sh\b"
    r"|\b(?:ba|da|z|k)?sh\b[^|;&\n]{0,40}(?:<\(|\$\(|`)\s*(?:curl|wget)\b[^)`\n]{1,400}"
)
PLAIN_URL = re.compile(r"\bhttp://(?!localhost\b|127\.|0\.0\.0\.0|\[::1\]|[\w-]+(?::\d+)?(?:/|\s|$)|\$)")
#: Checks of certificates or signatures that are switched off.
UNVERIFIED = re.compile(
    r"\bcurl\b[^|;&\n]{0,200}?\s(?:-[fsSLOJgiIv#]*k[fsSLOJgiIvk#]*|--insecure)(?=\s)"
    r"|\bwget\b[^|;&\n]{0,200}?\s--no-check-certificate\b"
    r"|\bNODE_TLS_REJECT_UNAUTHORIZED[=\s]+[\"']?0\b|\bPYTHONHTTPSVERIFY[=\s]+[\"']?0\b"
    r"|\bGIT_SSL_NO_VERIFY[=\s]+[\"']?(?:1|true)\b"
    r"|\bstrict-ssl[=\s]+false\b|\bhttp\.sslVerify[=\s]+[\"']?false\b|\bsslverify=(?:0|false)\b"
    r"|\s--(?:allow-unauthenticated|no-gpg-checks?|nogpgcheck|force-yes)\b"
)
WORLD_WRITABLE = re.compile(
    r"\bchmod\s+(?:-{1,2}[a-zA-Z-]+\s+)*(?:0?777|(?:a|ugo|o|go)?\+(?:rwx|rw|wx|w)(?<!^\+))\s+(?P<targets>[^"
    r"|;&\n]{1,200})"
)
_SCRATCH = re.compile(r"^[\"']?/(?:var/)?tmp\b|^[\"']?/run\b|^[\"']?\$\{?TMP")
_LOCAL = re.compile(r"https?://(?:localhost|127\.|\[::1\]|0\.0\.0\.0)")


def unverified(text: str) -> re.Match[str] | None:
    """Where a check is switched off for a server that is not this machine."""
    return next((m for m in UNVERIFIED.finditer(text) if not _LOCAL.search(text[m.start() : m.end() + 200])), None)


def world_writable(text: str) -> re.Match[str] | None:
    """Where everybody is given the right to write to more than a scratch directory."""
    for match in WORLD_WRITABLE.finditer(text):
        mode = match[0].split()[-len(match["targets"].split()) - 1]
        if mode.startswith("+"):  # without "a" the umask still applies
            continue
        if not all(_SCRATCH.match(target) for target in match["targets"].split()):
            return match
    return None
