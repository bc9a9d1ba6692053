"""Secrets whose surroundings say what they are: keys in armour, URLs, headers, connection strings, commands."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from codereview.secrets.naming import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Structure:
    """A value in its structure. ``start`` and ``end`` are offsets in the line; ``kind`` says how the value is judged,
    None that the structure is proof enough."""

    rule: str
    value: str
    start: int
    end: int
    kind: Kind | None = Kind.PASSWORD


_KEY_BEGIN = re.compile(
    r"-{5}BEGIN (?P<what>(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1)-{5}"
    r"|PuTTY-User-Key-File-[123]:"
)
_KEY_HEADER = re.compile(r"^\s*(?:[A-Z][\w-]+:\s|\\?$)")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{16,}")

_URL = re.compile(
    r"(?i)\b(?P<scheme>[a-z][a-z0-9+.-]{1,30})://(?P<user>[^\s:/@\"'`<>\[\]{}$]{0,100}):"
    r"(?P<value>[^\s/@\"'`<>]{1,200})@"
    r"(?P<host>[^\s/\"'`<>,;)]{1,200})"
)
_NOBODYS_HOST = re.compile(
    r"(?i)^(?:host(?:name)?|server|domain|site|url|address|ip|fqdn|my[\w-]*|(?:[\w-]+\.)*example(?:\.\w+)*"
    r"|<.*|foo|bar)(?:[:.]|$)"
)
_HEADER = re.compile(
    r"(?i)\b(?:proxy-)?authorization[\"'`\]]{0,2}\s*(?:[:=,]|=>)\s*[\[({]?\s*[a-z]?[\"'`]?\s*"
    r"(?P<scheme>basic|bearer|token|apikey|api-key|digest|negotiate|key)\s+"
    r"(?P<value>[^\s\"'`,;)}\\]{6,1000})"
)
_SCHEMED = re.compile(r"[\"'`](?P<scheme>Basic|Bearer|Token)\s+(?P<value>[A-Za-z0-9+/=_.~-]{12,1000})[\"'`]")
_CUSTOM_HEADER = re.compile(
    r"(?i)\b(?P<name>x-[a-z-]{0,30}(?:token|key|secret|auth)|private-token|api-key|apikey"
    r"|x-auth)[\"'`]?\s*:\s*(?P<value>[^\s\"'`,;)}]{8,300})[\"'`]"
)
_JWT = re.compile(
    r"(?<![\w.-])(?P<value>eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,6000}\.[A-Za-z0-9_-]{10,2000})(?![\w-])"
)
_JWT_SHOWN = ("John Doe", "example", "1516239022")

#: A key and a value of a connection string; what makes it one are the other keys on the line.
_PART = re.compile(
    r"(?i)(?:^|[;,?&\s\"'`|(])(?P<name>pass(?:word|wd)?|pwd|accountkey|sharedaccesskey|secretkey|apikey"
    r"|client_?secret)\s?=\s?(?P<value>[^\s;&\"'`,)|]{3,200})"
)
_OTHER_PARTS = re.compile(
    r"(?i)(?:^|[;,?&\s\"'`/(])(?:server|data source|datasource|host(?:name)?|addr(?:ess)?|user(?: ?id|name)?"
    r"|uid|endpoint|accountname|initial catalog|database|db(?:name)?|sharedaccesskeyname|driver|provider"
    r"|port)\s?=|jdbc:|://"
)

_SQL = re.compile(
    r"(?i)\bidentified\s+(?:with\s+\w+\s+)?by\s+(?:password\s+)?(?P<q>['\"])(?P<value>[^'\"]{3,100})(?P=q)"
    r"|\b(?:user|role|login)\b.{1,80}\bpassword\s*=?\s*(?P<q2>['\"])(?P<value2>[^'\"]{3,100})(?P=q2)"
)
_COMMANDS = (
    re.compile(r"\bcurl\b.{0,200}?\s(?:-u|--user)[\s=]*[\"']?(?P<user>[^\s:\"'$]{1,80}):(?P<value>[^\s\"'@]{3,200})"),
    re.compile(r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b.{0,200}?\s-p(?P<value>[^\s\"'|;&<>-][^\s\"'|;&<>]{2,100})"),
    re.compile(r"\bsshpass\s+-p\s*[\"']?(?P<value>[^\s\"'|;&]{3,100})"),
    re.compile(
        r"\b(?:redis-cli|docker\s+login|az\s+login|smbclient|mongo(?:sh)?|mongodump|psexec\w*)\b.{0,200}?\s-"
        r"(?:a|p)\s+[\"']?(?P<value>[^\s\"'|;&-][^\s\"'|;&]{3,100})"
    ),
    re.compile(r"\becho\s+[\"']?(?P<user>[\w.-]{1,40}):(?P<value>[^\s\"'|$]{3,100})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"),
    re.compile(
        r"\becho\s+(?:-\w\s+)?[\"']?(?P<value>[^\s\"'|$]{3,100})[\"']?\s*\|\s*(?:sudo\s+-S|passwd\s+--stdin"
        r"|docker\s+login)"
    ),
    re.compile(r"(?i)\bnet\s+user\s+(?:/add\s+)?(?P<user>[\w.-]{1,40})\s+(?P<value>[^\s/\"'*][^\s\"']{3,100})\s+/add"),
    re.compile(r"(?i)ConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<value>[^\"'$]{3,100})[\"']"),
    re.compile(r"(?i)\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?P<value>\S{3,200})"),
    re.compile(r"^(?:[\w.-]+|\*):(?:\d+|\*):[^:\s]+:[^:\s]+:(?P<value>[^:\s]{3,100})$"),
    re.compile(r"(?i)(?:auth|credentials?)\s*=\s*\(\s*[\"'][^\"']{1,80}[\"']\s*,\s*[\"'](?P<value>[^\"']{3,100})[\"']"),
    re.compile(
        r"\b(?:HTTPBasicAuth|BasicAuth|UsernamePasswordCredentials|NetworkCredential|SetBasicAuth"
        r"|UsernamePasswordToken|BasicAWSCredentials|PasswordAuthentication|AuthCredentials|PlainAuth)\(\s*"
        r"(?:\"\"\s*,\s*)?[\"'][^\"']{1,80}[\"']\s*,\s*[\"'](?P<value>[^\"']{3,100})[\"']"
    ),
    re.compile(
        r"\b(?:jwt|jsonwebtoken|JWT)\.(?:encode|decode|sign|verify)\(\s*[^,\"']{1,80},\s*b?[\"']"
        r"(?P<value>[^\"']{3,200})[\"']"
    ),
    re.compile(
        r"\b(?:mysqli?_connect|new\s+mysqli|\w*sql\w*\.connect|MySQLdb\.connect"
        r"|psycopg2?\.connect)\(\s*[\"'][^\"']{1,80}[\"']\s*,\s*[\"'][^\"']{1,80}[\"']\s*,\s*[\"']"
        r"(?P<value>[^\"']{3,100})[\"']"
    ),
    re.compile(r"\bnew\s+PDO\(\s*[^,]{1,200},\s*[\"'][^\"']{1,80}[\"']\s*,\s*[\"'](?P<value>[^\"']{3,100})[\"']"),
    re.compile(r"\bsimple_bind(?:_s)?\(\s*[\"'][^\"']{1,200}[\"']\s*,\s*[\"'](?P<value>[^\"']{3,100})[\"']"),
    re.compile(
        r"\b(?:\w*Credentials?|\w*Login|basicAuth|basic_auth)\(\s*[\"'][^\"'\s]{1,80}[\"']\s*,\s*[\"']"
        r"(?P<value>[^\"'\s]{3,100})[\"']\s*[,)]"
    ),
    re.compile(
        r"(?i)\b\w*credentials?\s*=\s*[(\[{]\s*[\"'][^\"'\s]{1,80}[\"']\s*,\s*[\"'](?P<value>[^\"'\s]{3,100})[\"']"
    ),
    re.compile(
        r"\bhtpasswd\s+(?:-\w+\s+)*-\w*b\w*\s+(?:-\w+\s+)*\S+\s+\S+\s+[\"']?(?P<value>[^\s\"'$]{3,100})"
        r"|\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+[\"']?(?P<value2>[^\s\"'$]{3,100})"
    ),
    re.compile(r"\bopenssl\b.{0,200}?\s(?:-k\s+|-pass(?:in|out)?\s+pass:)[\"']?(?P<value>[^\s\"'$]{3,100})"),
    re.compile(r"\bSecretKeySpec\(\s*\"(?P<value>[^\"]{3,200})\"\s*\.getBytes"),
    re.compile(r"[\"'`][\w.-]{1,40}:(?P<value>[^\s\"'`@/:]{3,100})@(?:tcp|unix|udp)\("),
    re.compile(
        r"\.(?:login|auth|authenticate)\(\s*[\"'][^\"'\s]{2,80}[\"']\s*,\s*[\"'](?P<value>[^\"'\s]{3,100})[\"']\s*\)"
    ),
    re.compile(r"DriverManager\.getConnection\(\s*[^,]{1,200},\s*\"[^\"]{1,80}\"\s*,\s*\"(?P<value>[^\"]{1,100})\""),
)
#: Calls whose argument is a key, whatever it looks like.
_CRYPTO = re.compile(
    r"\b(?:(?:AES|DES|DES3|ARC4|Blowfish)\.new|hmac\.new|Fernet|createHmac|createCipheriv|createDecipheriv"
    r"|createCipher"
    r"|CryptoJS\.\w+(?:\.(?:en|de)crypt)?|hash_hmac|openssl_(?:en|de)crypt)\(\s*(?:(?![\"'])[^\"',"
    r"()]{1,60},\s*|[\"'][\w-]{3,20}[\"']\s*,\s*){0,3}"
    r"(?:b|Buffer\.from\()?[\"'](?P<value>[^\"'\n]{4,200})[\"']"
)
_ALGORITHM = re.compile(
    r"(?i)^(?:sha|md|aes|des|hmac|rs|hs|es|ripemd|blake|utf|hex|base64|cbc|gcm|ecb|ctr)[\w/-]{0,16}$"
)
_INSERT = re.compile(
    r"(?i)\binsert\s+(?:or\s+\w+\s+)?into\s+\S{1,80}\s*\((?P<columns>[^()]{1,400})\)\s*values\s*\("
    r"(?P<values>.{1,600})"
)
_SQL_VALUE = re.compile(r"'(?:''|[^'])*'|[^,()']+(?:\([^()]*\))?")
_DOCKER_AUTH = re.compile(r"\"auth\"\s*:\s*\"(?P<value>[A-Za-z0-9+/]{8,400}={0,2})\"")


def on_line(line: str) -> Iterator[Structure]:
    """The structures on one line that hold a value."""
    if "://" in line:
        yield from _urls(line)
    if "eyJ" in line:
        yield from _tokens(line)
    lower = line.lower()
    if "auth" in lower or "bearer" in lower or "basic" in lower or "token" in lower or "-key" in lower:
        yield from _headers(line)
    if "=" in line and _OTHER_PARTS.search(line):
        yield from _spans("connection-string", _PART, line)
    if "insert" in lower and "pass" in lower:
        yield from _inserted(line)
    for match in _CRYPTO.finditer(line):
        if not _ALGORITHM.match(match["value"]):
            yield Structure("hard-coded-secret", match["value"], *match.span("value"), Kind.PASSWORD)
    yield from _commands(line, lower)


def private_keys(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Lines (0-based) where a private key begins: its body follows, or the line is nothing but its beginning."""
    for number, line in enumerate(lines):
        begin = _KEY_BEGIN.search(line)
        if begin is None:
            continue
        rest = line[begin.end() :].replace("\\n", "\n").replace("\\r", "").replace('"', "\n").replace("'", "\n")
        following = [*rest.split("\n"), *lines[number + 1 : number + 12]]
        body = next((part for part in following if part.strip() and not _KEY_HEADER.match(part)), "")
        cut_off = not body and not line.replace(begin[0], "").strip()
        if cut_off or any(_is_key_material(part) for part in following):
            yield number, begin


def _is_key_material(part: str) -> bool:
    body = _KEY_BODY.search(part)
    return body is not None and len(set(body[0])) >= 8


def _urls(line: str) -> Iterator[Structure]:
    for match in _URL.finditer(line):
        value = match["value"]
        if _NOBODYS_HOST.match(match["host"]) or value.lower() == match["user"].lower() or value.isdigit():
            continue
        yield Structure("url-password", value, *match.span("value"))


def _headers(line: str) -> Iterator[Structure]:
    for pattern in (_HEADER, _SCHEMED):
        for match in pattern.finditer(line):
            value, basic = match["value"], match["scheme"].lower() == "basic"
            if basic and not _is_basic(value):
                continue
            yield Structure("authorization-header", value, *match.span("value"), None if basic else Kind.TOKEN)
    for match in _CUSTOM_HEADER.finditer(line):
        yield Structure("authorization-header", match["value"], *match.span("value"), Kind.TOKEN)
    for match in _DOCKER_AUTH.finditer(line):
        if _is_basic(match["value"]):
            yield Structure("authorization-header", match["value"], *match.span("value"), None)


def _is_basic(value: str) -> bool:
    """Whether it is ``user:password`` in base 64, and not that of documentation."""
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    made_up = {"password", "pass", "pwd", "passwd", "", user, "opensesame", "open sesame"}
    return bool(colon) and user.isprintable() and password.isprintable() and password.lower() not in made_up


def _tokens(line: str) -> Iterator[Structure]:
    for match in _JWT.finditer(line):
        header, payload = (_decoded(part) for part in match["value"].split(".")[:2])
        if "alg" in header and not any(shown in str(payload) for shown in _JWT_SHOWN):
            yield Structure("json-web-token", match["value"], *match.span("value"), None)


def _decoded(part: str) -> dict[str, object]:
    try:
        read = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


_COMMAND_WORDS = re.compile(
    r"curl|mysql|mariadb|sshpass|redis-cli|docker|az login|smbclient|mongo|psexec|chpasswd|passwd|sudo"
    r"|net user|securestring"
    r"|machine|auth|credential|login|jwt|jsonwebtoken|secretkeyspec|@tcp|@unix|@udp|sql|pdo|simple_bind"
    r"|credential|openssl|htpasswd|_auth|getconnection|identified"
    r"|:\*:|:\d+:|role|user"
)


def _commands(line: str, lower: str) -> Iterator[Structure]:
    if not _COMMAND_WORDS.search(lower):
        return
    for pattern in _COMMANDS:
        yield from _spans("command-password", pattern, line)
    for match in _SQL.finditer(line):
        group = "value" if match["value"] else "value2"
        yield Structure("command-password", match[group], *match.span(group))


def _spans(rule: str, pattern: re.Pattern[str], line: str) -> Iterator[Structure]:
    for match in pattern.finditer(line):
        group = "value" if match["value"] else "value2"
        yield Structure(rule, match[group], *match.span(group))


def _inserted(line: str) -> Iterator[Structure]:
    """The value of the column of passwords in an INSERT."""
    for match in _INSERT.finditer(line):
        columns = [column.strip(' `"[]').lower() for column in match["columns"].split(",")]
        values = list(_SQL_VALUE.finditer(match["values"]))
        for column, value in zip(columns, (v for v in values if v[0].strip()), strict=False):
            text = value[0].strip()
            if kind_of(column) is Kind.PASSWORD and text.startswith("'"):
                start = match.start("values") + value.start() + value[0].index("'") + 1
                yield Structure("command-password", text[1:-1], start, start + len(text) - 2)
