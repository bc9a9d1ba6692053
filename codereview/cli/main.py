"""The command's entry point: its subcommands, and what an error looks like in a terminal."""

import os
import sys
import tempfile
import traceback

import click

from codereview import __version__
from codereview.cli import config, coordinator, cost, demo, doctor, evaluate, keys, review, rules, serve, watch, worker
from codereview.domain.gate import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_USAGE
from codereview.errors import BackendUnavailable, CodeReviewError

_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

EPILOG = """
Exit codes: 0 nothing at or above the threshold and everything examined; 1 findings at or above the threshold;
2 usage or configuration error; 3 not fully examined (this outranks 1); 130 interrupted.
"""


@click.group(context_settings=_HELP, epilog=EPILOG)
@click.version_option(__version__, prog_name="codereview")
def cli() -> None:
    """Review code with a security agent and a bug agent, here or as a service."""


for _command in (
    review.review,
    serve.serve,
    demo.demo,
    watch.watch,
    worker.worker,
    worker.worker_health,
    coordinator.coordinator,
    rules.rules,
    evaluate.evaluate,
    config.config,
    keys.keys,
    doctor.doctor,
    cost.cost,
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: an expected error is one line on standard error."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        return int(cli.main(arguments, prog_name="codereview", standalone_mode=False) or 0)
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except click.exceptions.Exit as done:
        return done.exit_code
    except BackendUnavailable as error:
        _say(error.detail)
        return EXIT_INCOMPLETE
    except CodeReviewError as error:
        _say(error.detail)
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader left (`| head`); there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INCOMPLETE
    except Exception as error:  # noqa: BLE001  the process boundary: a person gets a line and a log to send
        _say(f"unexpected error: {type(error).__name__}: {error}; the details are in {_crash_log()}")
        return EXIT_INCOMPLETE


def _say(line: str) -> None:
    click.echo(f"codereview: {' '.join(line.split())}", err=True)


def _crash_log() -> str:
    with tempfile.NamedTemporaryFile("w", prefix="codereview-", suffix=".log", delete=False) as file:
        file.write(f"codereview {__version__}, Python {sys.version}\n\n{traceback.format_exc()}")
    return file.name


if __name__ == "__main__":
    main()
