"""Whether a literal under a name is a secret: the name's meaning, the text's entropy and form, no placeholder."""

import math
import re
from collections import Counter

from codereview.secrets.candidates import Candidate, How
from codereview.secrets.judging import Surroundings, judge

_NAME = re.compile(
    r"(?i)(^|[_\-.\b])(passw(or)?d|passwd|pwd|pass|passphrase|secret|token|api_?key|apikey|access_?key|auth_?key|private_?key|"
    r"client_?secret|secret_?key|encryption_?key|signing_?key|jwt_?secret|credentials?|auth_?token|db_?pass\w*|account_?key|sas_?token)$"
)
_CAMEL = re.compile(
    r"(password|Password|Passwd|secret|Secret|secretKey|SecretKey|[aA]piKey|APIKey|[tT]oken|accessKey|AccessKey|privateKey|[pP]wd)$"
)
_NO_SECRET_NAME = re.compile(
    r"(?i)(url|uri|path|file|dir|field|label|name|header|param|regex|pattern|prompt|help|type|error|msg|message|title|placeholder|input|"
    r"form|view|template|selector|column|endpoint|format|prefix|suffix|cookie|env|var|setting|hint|policy|reset|min|max|len|length)_?(key|token|password)?s?$"
)
_PLACEHOLDER = re.compile(
    r"(?i)^(x+|\*+|\.+|-+|none|null|true|false|undefined|nil|todo|tbd|changeme|change[-_ ]?me|example|sample|test(ing)?"
    r"|dummy|fake|mock|placeholder|your[-_ ].*|my[-_ ].*|<.*>|\$\{.*\}|\{\{.*\}\}|%\(.*\)s|%s|\$\w+|\[.*\]|redacted"
    r"|insert.*|enter.*|password|passwd|secret|token|string|user|username|bearer|basic|guest|anonymous)$"
)
#: Secrets that say by their form what they are.
_STRUCTURED = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[baprs]-[0-9A-Za-z-]{10,}|sk_live_[0-9A-Za-z]{16,}"
    r"|AIza[0-9A-Za-z_-]{35}|-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY|glpat-[0-9A-Za-z_-]{20}"
    r"|SG\.[\w-]{22}\.[\w-]{43}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[\w-]{10,}"
)
_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^:/@\s{}$<]+:([^@/\s{}$<*%]{6,})@(?!localhost|127\.|example)")
_SENTENCE = re.compile(r"\s\S+\s|[.:!?]$|^/|^https?://|^[A-Z_]+_[A-Z_]+$|^[a-z]+([_.-][a-z]+)+$|^%|\{\w*\}")


def looks_secret(name: str, text: str) -> bool:
    """Whether the literal is a secret a person should not have written down."""
    if _STRUCTURED.search(text):
        return True
    in_url = _IN_URL.search(text)
    if in_url is not None:
        return not _PLACEHOLDER.match(in_url[1]) and entropy(in_url[1]) >= 2.5
    if judge(Candidate(name, text, 0, len(text), How.ASSIGNED), Surroundings()) is None:
        return False
    if not (_NAME.search(name) or _CAMEL.search(name)) or _NO_SECRET_NAME.search(name):
        return False
    if not 3 < len(text) < 200 or _PLACEHOLDER.match(text) or _SENTENCE.search(text) or text.lower() == name.lower():
        return False
    if re.search(r"(?i)pass|pwd", name):
        return not re.search(r"\s", text) and re.search(r"\w", text) is not None
    return entropy(text) >= 2.8 and len(text) >= 6 and re.search(r"\d", text) is not None


def entropy(text: str) -> float:
    """Shannon's, in bits per character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0
