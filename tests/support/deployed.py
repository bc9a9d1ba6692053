"""A local AWS to deploy the templates into: ministack with recorded resources, and the real client before it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from support.infrastructure import program
from support.ministack import free_port
from support.templates import names, resources

ROOT = Path(__file__).resolve().parents[2]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
_START_S = 40.0
#: The real client, which looks more often whether a stack is there: by itself it looks every half minute.
_CLIENT = """#!{python}
import sys, time
import awscli.botocore.waiter as waiter
from awscli.clidriver import main
sleep = time.sleep
waiter.time = type("Hasty", (), {{"sleep": staticmethod(lambda seconds: sleep(min(seconds, 0.3)))}})
sys.exit(main())
"""


def functions() -> list[str]:
    """The modules that the templates deploy."""
    handlers = (
        each["Properties"]["Handler"] for name in names() for each in resources(name, "AWS::Lambda::Function").values()
    )
    return sorted(handler.split(".")[1] for handler in handlers)


def write_zips(directory: Path, modules: Iterable[str]) -> None:
    """Zips of functions that answer 200 and nothing else: what the templates need of a release to be deployed."""
    directory.mkdir(parents=True, exist_ok=True)
    for module in modules:
        with zipfile.ZipFile(directory / f"{module}.zip", "w") as package:
            package.writestr("lambdas/__init__.py", "")
            source = f'def handler(event, context):\n    return {{"statusCode": 200, "body": "{module}"}}\n'
            package.writestr(f"lambdas/{module}.py", source)


class LocalAws:
    """A running one, as a context manager. ``environment`` adds to its settings."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self._records = directory / "records"
        self._records.touch()
        self._aws = directory / "aws"
        self._aws.write_text(_CLIENT.format(python=program("awscli", "python")), encoding="utf-8")
        self._aws.chmod(0o755)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop

    def __enter__(self) -> Self:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "RECORDS": str(self._records)}
        self._process = subprocess.Popen(
            # -P: the folder of the script has a module of ministack's name.
            [program("infrastructure", "python"), "-P", ROOT / "tests" / "support" / "local_aws.py"],
            env={**kept, **settings, **self._environment},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log()
                self.stop()
                raise RuntimeError(f"no local AWS:\n{said}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and whatever it started."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            self._log.close()

    def log(self) -> str:
        """What it printed."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Its process; the functions run in children of it."""
        assert self._process is not None
        return self._process.pid

    def client(self, service: str) -> Any:
        """boto3's client of it."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def recorded(self, type_name: str, action: str = "create") -> list[dict[str, Any]]:
        """What was recorded of a type that has only a record."""
        lines = map(json.loads, self._records.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line.get("type") == type_name and line["action"] == action]

    def script(self, name: str, **settings: str) -> subprocess.Popen[str]:
        """One of deploy/scripts, started with the real client of AWS."""
        return self.command(str(ROOT / "deploy" / "scripts" / name), **settings)

    def command(self, line: str, **settings: str) -> subprocess.Popen[str]:
        """A line of shell in the project's directory, started with the real client of AWS."""
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS": str(self._aws),
            "CODEREVIEW": str(Path(sys.executable).with_name("codereview")),
            "STAND_IN_HOST": f"localhost:{self.port}",
            "IMAGE_TAG": "0123abc",
            **settings,
        }
        return subprocess.Popen(
            ["/bin/sh", "-c", line],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def finished(process: subprocess.Popen[str]) -> str:
        """Wait for a script."""
        try:
            out, err = process.communicate(timeout=240)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        assert process.returncode == 0, err[-4000:]
        return out

    def stack(self, name: str) -> dict[str, Any]:
        """A stack as CloudFormation describes it."""
        described: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return described

    def outputs(self, name: str) -> dict[str, str]:
        """Its outputs."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(name)["Outputs"]}

    def settled(self, name: str, within_s: float = 60) -> str:
        """Its status once nothing is in progress."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            status = str(self.stack(name)["StackStatus"])
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.1)
        raise AssertionError(f"{name} is still {status}")
