"""The rules of this analyser, each with its examples.

The credentials in the examples are put together from pieces, so that no scanner takes this file for a leak.
"""

from codereview.domain.findings import Confidence, Severity
from codereview.domain.rules import Example, Rule
from codereview.secrets.formats import forms

#: The analyser's name, in rule ids and provenance.
ANALYSER = "secrets"

_SAMPLES = {form.name: form.sample for form in forms()}
_PASSWORD = "tr4vel" + "-Wurst!9"
_RANDOM = "v7Rk2Qm9Xz4L" + "t8Wc1Ns6Yb3Hd5Jf"
_JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiI4ODE3IiwiZXhwIjoxOTAwMDAwMDAwfQ", "k2Qm9Xz4Lt8Wc1Ns6Yb3Hd5Jf0Pa7"))
_ARMOUR = (
    "-----BEGIN " + "RSA PRIVATE KEY-----",
    "MIIEowIBAAKCAQEAv7Rk2Qm9Xz4Lt8Wc1Ns6Yb3Hd5Jf0Pa7Gq2E",
    "-----END RSA PRIVATE KEY-----",
)
_FIX = "Revoke it, then read a new one from the environment or a secret store."
_SCENARIO = "Everybody who can read the code, or its history, can use it."


def _rule(
    native: str,
    title: str,
    severity: Severity,
    confidence: Confidence,
    cwe: int,
    description: str,
    *,
    valid: tuple[tuple[str, str], ...],
    invalid: tuple[tuple[str, str], ...],
    scenario: str = _SCENARIO,
    fix: str = _FIX,
) -> Rule:
    return Rule(
        id=f"{ANALYSER}/{native}",
        analyser=ANALYSER,
        native=native,
        agent="security",
        title=title,
        severity=severity,
        confidence=confidence,
        cwe=cwe,
        description=description,
        failure_scenario=scenario,
        fix=fix,
        help_uri=f"https://cwe.mitre.org/data/definitions/{cwe}.html",
        valid=tuple(Example(filename=name, code=code) for name, code in valid),
        invalid=tuple(Example(filename=name, code=code) for name, code in invalid),
    )


RULES: tuple[Rule, ...] = (
    _rule(
        "known-credential",
        "Credential of a known service",
        Severity.HIGH,
        Confidence.HIGH,
        798,
        "The text has the exact form of a credential that a service gives out.",
        scenario="Everybody who can read the code, or its history, acts at the service in your name.",
        fix="Revoke it at the service now, then read a new one from the environment or a secret store.",
        valid=(
            ("app.py", 'TOKEN = os.environ["GITHUB_TOKEN"]\n'),
            ("app.py", 'KEY = "AKIA' + 'IOSFODNN7EXAMPLE"\n'),
            ("app.js", 'const key = "sk_live_' + 'xxxxxxxxxxxxxxxxxxxxxxxx";\n'),
        ),
        invalid=(
            ("app.py", f'client = Github("{_SAMPLES["github-token"]}")\n'),
            ("settings.yml", f"aws:\n  id: {_SAMPLES['aws-access-key']}\n"),
            ("Main.java", f'String hook = "https://{_SAMPLES["slack-webhook"]}";\n'),
        ),
    ),
    _rule(
        "private-key",
        "Private key in the source",
        Severity.HIGH,
        Confidence.HIGH,
        321,
        "The text is a private key in its armour.",
        scenario="Everybody who can read the code signs, decrypts and logs in as the key's owner.",
        fix="Take the key out of use, make a new pair, and keep its private half in a secret store.",
        valid=(
            ("app.py", f'if text.startswith("{_ARMOUR[0]}"):\n    raise ValueError\n'),
            ("key.pem", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"),
        ),
        invalid=(
            ("server.key", "\n".join(_ARMOUR) + "\n"),
            ("app.js", 'const key = "' + "\\n".join(_ARMOUR) + '";\n'),
        ),
    ),
    _rule(
        "json-web-token",
        "JSON web token in the source",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        798,
        "The text is a signed JSON web token.",
        scenario="Until it expires, everybody who can read the code is let in with it.",
        valid=(
            ("app.py", 'token = request.headers["Authorization"]\n'),
            ("app.py", 'header = "eyJhbGciOiJIUzI1NiJ9"\n'),
        ),
        invalid=(
            ("app.py", f'token = "{_JWT}"\n'),
            ("client.go", f'req.Header.Set("Authorization", "Bearer {_JWT}")\n'),
        ),
    ),
    _rule(
        "authorization-header",
        "Credentials in a header",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        798,
        "A request is made with credentials that stand in the code.",
        valid=(
            ("app.py", 'headers = {"Authorization": f"Bearer {token}"}\n'),
            ("app.js", 'const h = { Authorization: "Bearer <token>" };\n'),
        ),
        invalid=(
            ("app.py", f'headers = {{"Authorization": "Bearer {_RANDOM}"}}\n'),
            ("run.sh", "curl -H 'Authorization: Basic " + "amVubnk6dHI0dmVsLVd1cnN0" + "' https://api.acme.dev\n"),
        ),
    ),
    _rule(
        "url-password",
        "Password in a URL",
        Severity.HIGH,
        Confidence.MEDIUM,
        798,
        "A URL carries a user's password.",
        scenario="Everybody who can read the code logs in there; and URLs end up in logs.",
        fix="Change the password, and put the URL together from the environment or a secret store.",
        valid=(
            ("app.py", 'url = f"postgres://{user}:{password}@{host}/shop"\n'),
            ("app.env", "DATABASE_URL=postgres://user:password@localhost/shop\n"),
        ),
        invalid=(
            ("app.py", f'engine = create_engine("postgresql://shop:{_PASSWORD}@db.acme.dev/shop")\n'),
            (".env", f"REDIS_URL=redis://:{_RANDOM}@cache.acme.dev:6379/0\n"),
        ),
    ),
    _rule(
        "connection-string",
        "Password in a connection string",
        Severity.HIGH,
        Confidence.MEDIUM,
        798,
        "A connection string carries its password or key.",
        fix="Change the password, and read the connection string from the environment or a secret store.",
        valid=(
            ("appsettings.json", '{"Db": "Server=db;Database=shop;User Id=app;Password=${DB_PASSWORD};"}\n'),
            ("app.cs", 'var s = "Server=db;Database=shop;Integrated Security=true;";\n'),
        ),
        invalid=(
            ("appsettings.json", f'{{"Db": "Server=db;Database=shop;User Id=app;Password={_PASSWORD};"}}\n'),
            ("app.py", f'psycopg.connect("host=db.acme.dev dbname=shop user=app password={_PASSWORD}")\n'),
        ),
    ),
    _rule(
        "command-password",
        "Password in a command or login",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        798,
        "A command, a statement or a call logs in with a password that stands in the code.",
        scenario="Everybody who can read the code, or the list of processes, can use the password.",
        valid=(
            ("run.sh", 'mysql -u shop -p"$DB_PASSWORD" shop\n'),
            ("app.py", "requests.get(url, auth=(user, password))\n"),
        ),
        invalid=(
            ("run.sh", f"curl -u deploy:{_PASSWORD} https://ci.acme.dev\n"),
            ("init.sql", f"CREATE USER shop IDENTIFIED BY '{_PASSWORD}';\n"),
            ("app.py", f'requests.get(url, auth=("deploy", "{_PASSWORD}"))\n'),
        ),
    ),
    _rule(
        "hard-coded-password",
        "Hard-coded password",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        259,
        "What goes by the name of a password is a literal.",
        scenario="Everybody who can read the code can log in; and to change the password the code must change.",
        valid=(
            ("app.py", 'password = os.environ["DB_PASSWORD"]\n'),
            ("app.py", 'PASSWORD_FIELD = "password"\npassword = ""\n'),
            ("compose.yaml", "environment:\n  DB_PASSWORD: ${DB_PASSWORD}\n"),
            ("form.js", 'const labels = { password: "Enter your password" };\n'),
        ),
        invalid=(
            ("app.py", f'db_password = "{_PASSWORD}"\n'),
            ("app.properties", f"spring.datasource.password={_PASSWORD}\n"),
            ("config.xml", f"<config><password>{_PASSWORD}</password></config>\n"),
            ("app.go", f'if password == "{_PASSWORD}" {{\n}}\n'),
        ),
    ),
    _rule(
        "hard-coded-secret",
        "Hard-coded key or token",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        798,
        "What goes by the name of a secret, a token or a key is a literal that looks like one.",
        valid=(
            ("app.py", 'api_key = os.getenv("API_KEY", "")\n'),
            ("app.js", 'const TOKEN_TYPE = "bearer-token-v2";\nconst apiKey = "YOUR_API_KEY";\n'),
            ("app.py", 'cache_key = "user:profile:v2"\nnext_token = "v7Rk2Qm9Xz4Lt8Wc1Ns6"\n'),
        ),
        invalid=(
            ("app.py", f'API_KEY = "{_RANDOM}"\n'),
            ("app.ts", f'const config = {{ clientSecret: "{_RANDOM}" }};\n'),
            ("values.yaml", f"service:\n  authToken: {_RANDOM}\n"),
        ),
    ),
    _rule(
        "kubernetes-secret",
        "Secret manifest with its values",
        Severity.MEDIUM,
        Confidence.MEDIUM,
        798,
        "A manifest of kind Secret is kept with the values in it; base64 is no encryption.",
        fix="Keep sealed or encrypted secrets in the repository, or have an operator fetch them from a secret store.",
        valid=(
            ("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  url: ${DB_URL}\n"),
            (
                "secret.yaml",
                "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    url: AgBy3i4O\n",
            ),
        ),
        invalid=(
            (
                "secret.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  opaque: djdSazJRbTlYejRMdDhXYzFOczY=\n",
            ),
            ("secret.yaml", f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  opaque: {_RANDOM}\n"),
        ),
    ),
    _rule(
        "random-string",
        "Random string under the name of a key",
        Severity.LOW,
        Confidence.LOW,
        798,
        "What goes by the name of a key looks drawn at random.",
        valid=(
            ("app.py", 'key = "user-profile"\n'),
            ("app.py", 'commit = "4f9c27d1ab8e60357c94be12d07f683a9c27d1ab"\n'),
        ),
        invalid=(
            ("app.py", f'key = "{_RANDOM}"\n'),
            ("app.yml", f"gate_key: {_RANDOM}\n"),
        ),
    ),
)

BY_NAME = {rule.native: rule for rule in RULES}
