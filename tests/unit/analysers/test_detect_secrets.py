"""detect-secrets: what counts as a secret, and that none ever leaves the process that found it.

The secrets are made up, and put together here so that no scanner mistakes this file.
"""

import json

import pytest
from detect_secrets.settings import get_settings
from support.analysing import examine, quoted

from codereview.analysers import secrets_scan
from codereview.analysers.detect_secrets import DetectSecrets
from codereview.analysers.process import Bounds
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile
from codereview.ports import RawFinding

_AWS = "AKIA" + "Q3EGRJ5TLLX2WPZN"
_PASSWORD = "tr0ub4dor" + "&3xK"
_SLACK = "xoxb-" + "123456789012-" + "abcdefghijklmnop"


#: A file name, a line, and the plugin that must find it.
SECRETS = [
    ("a.py", f'KEY = "{_AWS}"', "AWSKeyDetector"),
    ("a.py", f'client = connect("{_AWS}")', "AWSKeyDetector"),
    ("a.go", f'const token = "ghp_{"a1B2" * 9}"', "GitHubTokenDetector"),
    ("a.js", f'const hook = "{_SLACK}";', "SlackDetector"),
    ("key.pem", "-----BEGIN RSA PRIVATE" + " KEY-----", "PrivateKeyDetector"),
    ("a.py", 'url = "postgres://shop:tr0ub4dor3xK@db.internal.corp/shop"', "BasicAuthDetector"),
    ("a.py", f'DB_PASSWORD = "{_PASSWORD}"', "KeywordDetector"),
    ("a.json", f'{{"password": "{_PASSWORD}"}}', "KeywordDetector"),
    ("a.yaml", f"password: {_PASSWORD}", "KeywordDetector"),
    ("a.properties", f"db.password={_PASSWORD}", "KeywordDetector"),
    (".env", f"DB_PASSWORD={_PASSWORD}", "KeywordDetector"),
    ("deploy/.env.production", f"API_KEY={_PASSWORD}", "KeywordDetector"),
    ("Main.java", f'String password = "{_PASSWORD}";', "KeywordDetector"),
    ("a.py", 'signing_token = "' + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MDEyMzQ1Njc4OTA" + '"', "Base64HighEntropyString"),
]
#: Lines without a secret.
NO_SECRETS = [
    'password = os.environ["PASSWORD"]',
    "password = get_password(user)",
    'password = "changeme"',
    'password = "<your password>"',
    'password = "${DB_PASSWORD}"',
    'password = "{{ vault_password }}"',
    'api_key = "YOUR_API_KEY"',
    'password = "********"',
    'password = "xxxxxxxx"',
    'password_label = "Please enter your password"',
    'PASSWORD_FIELD = "user_password_field"',
    'secret_name = "/prod/database/url"',
    'SECRET_KEY_VARIABLE = "DJANGO_SECRET_KEY"',
    'api_key = "00000000-0000-0000-0000-000000000000"',
    'KEY = "AKIAIOSFODNN7EXAMPLE"',
    'url = "postgres://user:password@localhost/test"',
    'url = "https://user:hunter22@example.com/"',
    'url = "amqp://guest:guest@rabbit.corp//"',
    f'checksum_token = "{"3f2a9c" * 10}"',
    'integrity = "sha512-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"',
]


@pytest.fixture(scope="module")
def found() -> dict[str, list[RawFinding]]:
    """The findings in all of them, by path: one run, as each costs the start of a process."""
    files = {f"s{number}/{path}": f"first\n{text}\n" for number, (path, text, _) in enumerate(SECRETS)}
    files |= {f"n{number}/a.py": f"{text}\n" for number, text in enumerate(NO_SECRETS)}
    report = examine(DetectSecrets(), files)
    assert report.examined == set(files)
    return {path: [finding for finding in report.findings if finding.path == path] for path in files}


@pytest.mark.parametrize(
    ("number", "sample"), list(enumerate(SECRETS)), ids=[f"{path}-{native}" for path, _, native in SECRETS]
)
def test_a_secret_is_found(number: int, sample: tuple[str, str, str], found: dict[str, list[RawFinding]]) -> None:
    """Credentials with a form of their own, and values that are called secret."""
    path, _, native = sample
    findings = found[f"s{number}/{path}"]

    assert native in {finding.native_rule for finding in findings}
    assert {(finding.line, finding.cwe) for finding in findings} == {(2, 798)}


@pytest.mark.parametrize(("number", "text"), list(enumerate(NO_SECRETS)), ids=NO_SECRETS)
def test_what_is_no_secret_is_not_reported(number: int, text: str, found: dict[str, list[RawFinding]]) -> None:
    """False alarms are what people hate most."""
    assert found[f"n{number}/a.py"] == []


def test_the_secret_is_in_no_part_of_the_report() -> None:
    """Reports go to places the code does not."""
    text = f'KEY = "{_AWS}"\npassword = "{_PASSWORD}"\nhook = "{_SLACK}"\n'

    report = examine(DetectSecrets(), {"a.py": text})

    assert len(report.findings) >= 3
    assert not [secret for secret in (_AWS, _PASSWORD, _SLACK) if secret in repr(report)]


def test_the_secret_does_not_leave_the_other_process(capsys: pytest.CaptureFixture[str], tmp_path_factory) -> None:
    """Not even on the pipe between the two."""
    path = tmp_path_factory.mktemp("x") / "a.py"
    path.write_text(f'KEY = "{_AWS}"\npassword = "{_PASSWORD}"\n')

    secrets_scan.main("AWSKeyDetector,KeywordDetector", "--", str(path))

    printed = capsys.readouterr().out
    assert [found["line"] for found in json.loads(printed)["files"][str(path)]] == [1, 2]
    assert _AWS not in printed
    assert _PASSWORD not in printed


def test_nobody_is_asked_whether_a_secret_is_live(monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> None:
    """detect-secrets would send it to the service it is for."""

    def asked(*_: object, **__: object) -> None:
        pytest.fail("a service was asked")

    monkeypatch.setattr("requests.sessions.Session.request", asked)
    path = tmp_path_factory.mktemp("x") / "a.py"
    path.write_text(f'hook = "{_SLACK}"\nKEY = "{_AWS}"\n')

    secrets_scan.main("SlackDetector,AWSKeyDetector", "--", str(path))


def test_the_settings_of_detect_secrets_in_this_process_stay_as_they_are() -> None:
    """They are global; workers review several things at a time."""
    before = get_settings().json()

    examine(DetectSecrets(), {"a.py": f'KEY = "{_AWS}"\n'})

    assert get_settings().json() == before


def test_columns_count_characters() -> None:
    """They mark the secret itself."""
    text = f'é = "𝒳"; KEY = "{_AWS}"\n'

    (finding,) = examine(DetectSecrets(), {"a.py": text}).findings

    assert quoted(finding, text) == _AWS


@pytest.mark.parametrize(
    "text",
    [
        f'KEY = "{_AWS}"  # pragma: allowlist secret\n',
        f'# pragma: allowlist nextline secret\nKEY = "{_AWS}"\n',
    ],
)
def test_a_pragma_excuses_a_line(text: str) -> None:
    """On the line, or on the one before."""
    report = examine(DetectSecrets(), {"a.py": text})

    assert report.findings == ()
    assert report.examined == {"a.py"}


@pytest.mark.parametrize(
    "path", ["tests/test_login.py", "docs/setup.md", "src/login.spec.ts", "examples/a.py", ".env.example"]
)
def test_a_password_in_a_test_or_an_example_weighs_little(path: str) -> None:
    """It mostly is one made up for the purpose."""
    (finding,) = examine(DetectSecrets(), {path: f'password = "{_PASSWORD}"\n'}).findings

    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)


def test_a_credential_with_a_form_of_its_own_weighs_as_much_anywhere() -> None:
    """Nobody makes up an AWS key for a test."""
    (finding,) = examine(DetectSecrets(), {"tests/test_s3.py": f'KEY = "{_AWS}"\n'}).findings

    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize("path", ["package-lock.json", "poetry.lock", "go.sum", "app.js.map", "logo.svg"])
def test_files_made_of_hashes_are_not_searched(path: str) -> None:
    """Everything in them looks like a secret."""
    assert not DetectSecrets().applies_to(SourceFile(path=path, text=""))


@pytest.mark.parametrize("before", [0, 4_500, 18_985, 19_990, 39_000, 200_000])
def test_a_credential_is_found_anywhere_in_a_long_line(before: int) -> None:
    """Bundled code is one line, and is searched in overlapping parts; each secret is reported once."""
    text = "x" * before + f';"{_AWS}";' + "y" * 100_000

    (finding,) = examine(DetectSecrets(), {"bundle.js": text}).findings

    assert quoted(finding, text) == _AWS


def test_names_in_a_long_line_mean_nothing() -> None:
    """Minified code is full of short names and random-looking strings."""
    report = examine(DetectSecrets(), {"bundle.js": f'password = "{_PASSWORD}";' + "y" * 10_000})

    assert report.findings == ()
    assert report.examined == {"bundle.js"}


def test_a_line_made_to_take_for_ever_does_not() -> None:
    """The expressions for names take quadratic time over it."""
    report = examine(DetectSecrets(bounds=Bounds(wall_s=20)), {"a.py": "password" * 10_000})

    assert report.examined == {"a.py"}


def test_what_is_not_utf_8_is_a_problem() -> None:
    """detect-secrets would take it for a binary file, and skip it silently."""
    report = examine(DetectSecrets(), {"a.py": "x = '\ud800'\n"})

    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.py", "encoding")]
