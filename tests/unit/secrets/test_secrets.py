"""What counts as a secret, where, and how much; and that none ever stands in a report.

The secrets are made up, and those with a form of their own put together here so that no scanner mistakes this file.
"""

import time

import pytest
from support.analysing import examine, natives, quoted

from codereview.analysers.secrets.analyser import SecretsAnalyser
from codereview.application.anchoring import AnchoredFile, anchor
from codereview.application.redaction import redact
from codereview.domain.findings import Confidence, Severity
from codereview.domain.sources import SourceFile
from codereview.ports import RawFinding
from codereview.secrets.formats import Form, checksum_holds, forms

_AWS = "AKIA" + "Q3EGRJ5TLLX2WPZN"
_PASSWORD = "tr0ub4dor" + "&3xK"
_SLACK = "xoxb-" + "274819365027-v7Rk2Qm9Xz4Lt8Wc"
_HEX = "b7e23ec29af22b0b" + "4e41da31e868d572"
_RANDOM = "v7Rk2Qm9Xz4L" + "t8Wc1Ns6Yb3Hd5Jf"


def _search(path: str, text: str) -> tuple[RawFinding, ...]:
    report = examine(SecretsAnalyser(), {path: text}, language="")
    assert report.examined == {path}
    return report.findings


#: A file, a line, and what of it is the secret.
SECRETS = [
    ("a.py", f'client = connect("{_AWS}")', _AWS),
    ("a.js", f'const hook = "{_SLACK}";', _SLACK),
    ("a.py", f'url = "postgres://shop:{_RANDOM}@db.internal.corp/shop"', _RANDOM),
    ("a.py", f'DB_PASSWORD = "{_PASSWORD}"', _PASSWORD),
    ("a.py", f'def connect(user="admin", password="{_PASSWORD}"):', _PASSWORD),
    ("a.py", f'if request.form["password"] == "{_PASSWORD}":', _PASSWORD),
    ("a.py", f'app.config["SECRET_KEY"] = "{_HEX}"', _HEX),
    ("a.py", f'key = os.environ.get("API_TOKEN", "{_HEX}")', _HEX),
    ("a.py", f'API_TOKEN: str = "{_HEX}"', _HEX),
    ("a.py", f'smtp.login("bot@acme.dev", "{_PASSWORD}")', _PASSWORD),
    ("a.py", f'headers = {{"X-Api-Key": "{_HEX}"}}', _HEX),
    ("a.js", f'const token = process.env.TOKEN || "{_HEX}";', _HEX),
    ("a.ts", f'private readonly apiSecret: string = "{_RANDOM}";', _RANDOM),
    ("A.java", f'props.setProperty("mail.smtp.password", "{_PASSWORD}");', _PASSWORD),
    ("A.java", f'user.setPassword("{_PASSWORD}");', _PASSWORD),
    ("A.java", f'if ("{_PASSWORD}".equals(password)) {{', _PASSWORD),
    ("a.go", f'cfg.Password = "{_PASSWORD}"', _PASSWORD),
    ("a.go", f'req.SetBasicAuth("svc", "{_PASSWORD}")', _PASSWORD),
    ("a.rb", f"password: '{_PASSWORD}',", _PASSWORD),
    ("a.php", f"define('DB_PASSWORD', '{_PASSWORD}');", _PASSWORD),
    ("a.json", f'{{"password": "{_PASSWORD}"}}', _PASSWORD),
    ("a.yaml", f"password: {_PASSWORD}", _PASSWORD),
    ("a.yaml", "  POSTGRES_PASSWORD: postgres", "postgres"),
    ("a.yaml", f"      - MYSQL_ROOT_PASSWORD={_RANDOM}", _RANDOM),
    ("a.properties", f"db.password={_PASSWORD}", _PASSWORD),
    (".env", f"API_KEY={_HEX}", _HEX),
    ("deploy/.env.production", f"DB_PASSWORD='{_PASSWORD}'", _PASSWORD),
    ("a.xml", f"<password>{_RANDOM}</password>", _RANDOM),
    ("web.config", f'<add key="SmtpPassword" value="{_RANDOM}" />', _RANDOM),
    ("main.tf", f'  master_password = "{_RANDOM}"', _RANDOM),
    ("Dockerfile", f"ENV ADMIN_PASSWORD {_RANDOM}", _RANDOM),
    ("run.sh", f"PGPASSWORD={_RANDOM} psql -h db", _RANDOM),
    ("run.sh", f"./deploy --token {_HEX}", _HEX),
    ("run.sh", f"mysql -u root -p{_RANDOM} shop", _RANDOM),
    ("init.sql", f"CREATE USER app IDENTIFIED BY '{_PASSWORD}';", _PASSWORD),
    (".npmrc", f"//registry.acme.dev/:_authToken={_RANDOM}", _RANDOM),
    (".netrc", f"machine git.acme.dev login octo password {_RANDOM}", _RANDOM),
    ("a.c", f'#define WIFI_PASSWORD "{_PASSWORD}"', _PASSWORD),
    ("a.c", f'char password[] = "{_PASSWORD}";', _PASSWORD),
    ("build.gradle", f"    keyPassword '{_PASSWORD}'", _PASSWORD),
    ("a.php", f'$conn = mysqli_connect("localhost", "root", "{_PASSWORD}", "shop");', _PASSWORD),
    ("a.php", f"$pdo = new PDO($dsn, 'root', '{_PASSWORD}');", _PASSWORD),
    ("a.py", f'cipher = AES.new(b"{_RANDOM}", AES.MODE_CBC, iv)', _RANDOM),
    ("a.js", f"const mac = crypto.createHmac('sha256', '{_RANDOM}');", _RANDOM),
    ("a.py", f'url = "https://api.acme.dev/v1/x?api_key={_HEX}&fmt=json"', _HEX),
    ("a.py", f"# default password: {_PASSWORD}", _PASSWORD),
    ("a.py", f'passwords = {{"admin": "{_PASSWORD}"}}', _PASSWORD),
    ("a.go", f'var jwtKey = []byte("{_RANDOM}")', _RANDOM),
    ("a.yaml", f"  POSTGRES_PASSWORD: ${{DB_PASSWORD:-{_RANDOM}}}", _RANDOM),
    ("a.sql", f"INSERT INTO users (name, password) VALUES ('admin', '{_PASSWORD}');", _PASSWORD),
    ("redis.conf", f"requirepass {_RANDOM}", _RANDOM),
    ("notes.txt", f"username: bob password: {_PASSWORD}", _PASSWORD),
    ("a.ps1", f'$env:API_KEY = "{_HEX}"', _HEX),
]
_IDS = [f"{path}-{number}" for number, (path, _, _) in enumerate(SECRETS)]
#: Lines without a secret.
NO_SECRETS = [
    ("a.py", 'password = os.environ["PASSWORD"]'),
    ("a.py", "password = get_password(user)"),
    ("a.py", 'password = "changeme"'),
    ("a.py", 'password = "<your password>"'),
    ("a.py", 'password = "${DB_PASSWORD}"'),
    ("a.py", 'password = "{{ vault_password }}"'),
    ("a.py", 'api_key = "YOUR_API_KEY"'),
    ("a.py", 'password = "********"'),
    ("a.py", 'password = "xxxxxxxx"'),
    ("a.py", 'password_label = "Please enter your password"'),
    ("a.py", 'PASSWORD_FIELD = "user_password_field"'),
    ("a.py", 'secret_name = "/prod/database/url"'),
    ("a.py", 'SECRET_KEY_VARIABLE = "DJANGO_SECRET_KEY"'),
    ("a.py", 'api_key = "00000000-0000-0000-0000-000000000000"'),
    ("a.py", 'KEY = "AKIAIOSFODNN7EXAMPLE"'),
    ("a.py", 'url = "postgres://user:password@localhost/test"'),
    ("a.py", 'url = "https://user:hunter22@example.com/"'),
    ("a.py", 'url = "amqp://guest:guest@rabbit.corp//"'),
    ("a.py", f'checksum_token = "{"3f2a9c" * 10}"'),
    ("a.py", 'integrity = "sha512-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"'),
    ("a.py", f'commit = "{_HEX}"'),
    ("a.py", f'next_token = "{_HEX}"'),
    ("a.py", 'token = f"{user}:{password}"'),
    ("a.py", 'pad_token = "<pad>"'),
    ("a.py", r'PASSWORD_REGEX = r"^(?=.*[A-Z])(?=.*\d).{8,}$"'),
    ("a.py", 'cache_key = "user:42:profile"'),
    ("a.js", 'errors.password = "Password must be at least 8 characters";'),
    ("a.js", 'const { password } = req.body; const field = { type: "password" };'),
    ("a.js", 'autocomplete="new-password"'),
    ("A.java", 'public static final String PASSWORD = "password";'),
    ("a.go", 'Password string `json:"password"`'),
    ("a.yml", "secret: my-app-secret"),
    ("a.yml", "token: ${{ secrets.GITHUB_TOKEN }}"),
    ("a.yml", "max_tokens: 4096"),
    ("a.properties", "password=@db.password@"),
    ("pom.xml", "<password>${nexus.password}</password>"),
    ("main.tf", "  password = var.db_password"),
    ("run.sh", "TOKEN=$(curl -s http://metadata/token)"),
    ("run.sh", 'mysql -u root -p"$PW" shop'),
    ("README.md", "password: your password"),
    ("locale/de.json", '"password": "Passwort",'),
    ("lang/en.php", "'password' => 'The provided password is incorrect.',"),
    ("a.c", "#define PASSWORD_MAX_LEN 64"),
    ("build.gradle", '    storePassword System.getenv("STORE_PW")'),
    ("a.php", "'password' => 'required|string|min:8|confirmed',"),
    ("a.py", 'url = f"https://x?token={token}&api_key={self.key}"'),
    ("a.py", "# the password must not be empty, see token.py"),
    ("a.py", '_UNRESERVED_PAT = r"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~"'),
    ("a.js", "const tokenKey = 'app.auth.token'; const t = { password: yup.string().min(8, 'Too short') };"),
    ("a.py", 'types = {"secret": "V1SecretVolumeSource", "token": "V1TokenRequest"}'),
    ("README.md", "[![coverage](https://codecov.io/gh/a/b/graph/badge.svg?token=vKez4Pycrc)](https://codecov.io)"),
    ("a.yml", f"checksum/secret: {_HEX}"),
    ("a.json", f'"AWS::SecretsManager::Secret": "{_HEX}",'),
    (
        "a.json",
        '"GetPasswordData": "ec2:GetPasswordData", "AWS::Secret.Key": "MaintenanceWindowStepFunctionsParameters"',
    ),
    ("a.sh", 'PASSWORD="$(openssl rand -hex 16)"'),
    ("a.sh", 'kubectl create secret generic db --from-literal=password="$PW"'),
    ("a.sql", "UPDATE users SET password = crypt($1, gen_salt('bf'));"),
    ("a.ini", "password = %(DB_PASSWORD)s"),
]


@pytest.mark.parametrize(
    ("path", "line", "secret"), SECRETS, ids=[f"{path}-{n}" for n, (path, *_) in enumerate(SECRETS)]
)
def test_a_secret_is_found_and_pointed_at(path: str, line: str, secret: str) -> None:
    """The columns mark the secret itself: what is masked, and revoked."""
    text = f"first\n{line}\n"
    (finding,) = _search(path, text)
    assert finding.line == 2
    assert finding.cwe in (259, 321, 798)
    assert quoted(finding, text) == secret


@pytest.mark.parametrize(("path", "line"), NO_SECRETS, ids=[line for _, line in NO_SECRETS])
def test_what_is_no_secret_is_not_reported(path: str, line: str) -> None:
    """False alarms are what people hate most."""
    assert _search(path, f"{line}\n") == ()


@pytest.mark.parametrize("form", [form for form in forms() if form.sample], ids=lambda form: form.name)
def test_every_form_with_a_sample_finds_it_and_says_whose_it_is(form: Form) -> None:
    """Under a name that promises nothing: the form is enough."""
    (finding,) = _search("a.py", f'value = use("{form.sample}")\n')
    assert finding.native_rule == "known-credential"
    assert form.what in finding.message


def test_the_checksum_of_a_token_tells_a_real_one_from_one_made_up() -> None:
    """GitHub documents it so that scanners need not guess."""
    body = "v7Rk2Qm9Xz4Lt8Wc1Ns6Yb3Hd5Jf0P"
    assert checksum_holds(f"ghp_{body}3Q4jLZ") is True
    assert checksum_holds(f"npm_{body}000000") is False
    assert checksum_holds("glpat-" + "x7Rk2Qm9Xz4Lt8Wc1Ns6") is None


def test_the_secret_is_in_no_part_of_the_report() -> None:
    """Reports go to places the code does not."""
    text = f'KEY = "{_AWS}"\npassword = "{_PASSWORD}"\nhook = "{_SLACK}"\n'
    report = examine(SecretsAnalyser(), {"a.py": text})
    assert len(report.findings) == 3
    assert not [secret for secret in (_AWS, _PASSWORD, _SLACK) if secret in repr(report)]


@pytest.mark.parametrize(
    ("path", "line", "secret"), SECRETS, ids=[f"{path}-{n}" for n, (path, *_) in enumerate(SECRETS)]
)
def test_the_snippet_of_a_finding_shows_that_there_is_a_secret_not_which(path: str, line: str, secret: str) -> None:
    """However it is written: quoted or not, short or long, in a command or a URL."""
    (raw,) = _search(path, f"{line}\n")
    finding = anchor(raw, AnchoredFile(SourceFile(path=path, text=f"{line}\n")), agent="security")
    assert "********" in finding.snippet
    assert secret not in finding.snippet.replace("POSTGRES", "")
    assert secret not in finding.message


def test_a_second_secret_in_the_same_literal_is_masked_too() -> None:
    """One finding stands for the line; its snippet must hold neither."""
    line = f'hosts = "https://a:{_RANDOM}@one.dev,https://b:{_HEX}@two.dev"'
    shown = redact(line, _RANDOM)
    assert _RANDOM not in shown
    assert _HEX not in shown


def test_columns_count_characters() -> None:
    """Not bytes, not units of UTF-16."""
    text = f'é = "𝒳"; KEY = "{_AWS}"\n'
    (finding,) = _search("a.py", text)
    assert quoted(finding, text) == _AWS


@pytest.mark.parametrize(
    "text",
    [
        f'KEY = "{_AWS}"  # pragma: allowlist secret\n',
        f'# pragma: allowlist nextline secret\nKEY = "{_AWS}"\n',
        f'KEY = "{_AWS}"  # gitleaks:allow\n',
    ],
)
def test_the_pragmas_of_other_scanners_excuse_a_line(text: str) -> None:
    """Projects already have them."""
    assert _search("a.py", text) == ()


@pytest.mark.parametrize(
    "path", ["tests/test_login.py", "docs/setup.md", "src/login.spec.ts", "examples/a.py", ".env.example", "t/a.py"]
)
def test_a_password_in_a_test_or_an_example_weighs_little(path: str) -> None:
    """It mostly is one made up for the purpose."""
    (finding,) = _search(path, f'password = "{_PASSWORD}"\n')
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)


def test_a_password_in_a_docstring_or_a_comment_weighs_little() -> None:
    """It shows how a call is written."""
    text = f'def f():\n    """Use::\n\n        f(password="{_PASSWORD}")\n    """\n# f(password="{_PASSWORD}")\n'
    assert [finding.severity for finding in _search("a.py", text)] == [Severity.LOW, Severity.LOW]


def test_a_credential_with_a_form_of_its_own_keeps_most_of_its_weight_in_a_test() -> None:
    """Few make up an AWS key for a test."""
    (finding,) = _search("tests/test_s3.py", f'KEY = "{_AWS}"\n')
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize("path", ["package-lock.json", "poetry.lock", "go.sum", "app.js.map", "logo.svg"])
def test_files_made_of_hashes_are_not_searched(path: str) -> None:
    """Everything in them looks like a secret."""
    assert not SecretsAnalyser().applies_to(SourceFile(path=path, text=""))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", f"env:\n  - name: DB_PASSWORD\n    value: {_RANDOM}\n"),
        ("a.json", f'{{\n  "name": "DB_PASSWORD",\n  "value": "{_RANDOM}"\n}}\n'),
        ("main.tf", f'variable "db_password" {{\n  type    = string\n  default = "{_RANDOM}"\n}}\n'),
        ("template.yaml", f"Parameters:\n  DbPassword:\n    Type: String\n    Default: {_RANDOM}\n"),
        ("settings.xml", f"<token>\n  {_RANDOM}\n</token>\n"),
        ("Info.plist", f"<key>ApiToken</key>\n<string>{_RANDOM}</string>\n"),
    ],
)
def test_name_and_value_may_stand_on_different_lines(path: str, text: str) -> None:
    """As in the environment of a container."""
    (finding,) = _search(path, text)
    assert quoted(finding, text) == _RANDOM


@pytest.mark.parametrize("before", [0, 4_500, 200_000])
def test_a_credential_is_found_anywhere_in_a_long_line(before: int) -> None:
    """Bundled code is one line."""
    text = "x" * before + f';"{_AWS}";' + "y" * 100_000
    (finding,) = _search("bundle.js", text)
    assert quoted(finding, text) == _AWS


def test_names_in_a_long_line_mean_nothing() -> None:
    """Minified code is full of short names and random-looking strings."""
    assert _search("bundle.js", f'password = "{_PASSWORD}";' + "y" * 10_000) == ()


@pytest.mark.parametrize(
    "text",
    [
        "password" * 10_000,
        ("password=" * 400 + "\n") * 20,
        ('password "' * 390 + "\n") * 20,
        ("curl " * 700 + "\n") * 20,
        ("a:" * 1_900 + "//x\n") * 20,
        ("<password>" * 390 + "\n") * 20,
        ("auth key=(" * 390 + "\n") * 20,
        ("name: pass_" * 350 + "\n") * 20,
    ],
    ids=lambda text: text[:10],
)
def test_lines_made_to_take_for_ever_do_not(text: str) -> None:
    """The work per line is bounded."""
    started = time.process_time()
    examine(SecretsAnalyser(), {"a.sh": text})
    assert time.process_time() - started < 5


def test_a_file_that_takes_too_long_is_a_problem() -> None:
    """What was not searched to its end is said."""
    report = examine(SecretsAnalyser(file_timeout_s=0), {"a.py": "x = 1\n" * 100})
    assert [(problem.path, problem.reason) for problem in report.problems] == [("a.py", "timeout")]
    assert report.examined == frozenset()


def test_the_bug_agent_gets_none() -> None:
    """A finding is reported once, by the agent it belongs to."""
    assert natives(examine(SecretsAnalyser(), {"a.py": f'KEY = "{_AWS}"\n'}, agent="bug")) == []


def test_the_finding_of_another_rule_on_the_line_shows_no_secret_either() -> None:
    """The bug agent quotes the line for a reason of its own."""
    text = f'import x\nx.connect(undefined, "{_AWS}", password="{_PASSWORD}")\n'
    raw = RawFinding("a.py", "ruff/F821", "F821", "t", "m", Severity.HIGH, Confidence.HIGH, line=1, end_line=2)
    finding = anchor(raw, AnchoredFile(SourceFile(path="a.py", text=text)), agent="bug")
    assert _AWS not in finding.snippet
    assert _PASSWORD not in finding.snippet
    assert "undefined" in finding.snippet


def test_a_line_without_a_secret_is_quoted_as_it_is() -> None:
    """A person must recognise it."""
    raw = RawFinding("a.py", "ruff/F821", "F821", "t", "m", Severity.HIGH, Confidence.HIGH, line=1, end_line=1)
    finding = anchor(raw, AnchoredFile(SourceFile(path="a.py", text='print("a literal", undefined)\n')), agent="bug")
    assert finding.snippet == 'print("a literal", undefined)'
