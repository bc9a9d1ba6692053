"""``codereview watch``: follow a review from the terminal."""

import json
import sys

import click

from codereview.adapters.api_client import ApiClient
from codereview.cli.output import event_line, wants_colour
from codereview.domain.events import Event, ReviewEnded
from codereview.domain.gate import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE
from codereview.domain.reviews import Verdict

_EXIT = {Verdict.PASS: EXIT_CLEAN, Verdict.FINDINGS: EXIT_FINDINGS}


@click.command()
@click.argument("review_id", metavar="ID")
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, envvar="CODEREVIEW_URL", help="The server.")
@click.option("--key", default="", envvar="CODEREVIEW_API_KEY", help="API key (better: CODEREVIEW_API_KEY).")
@click.option("--after", default=0, type=click.IntRange(0), help="Go on after this event id.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON lines.")
def watch(review_id: str, url: str, key: str, after: int, as_json: bool) -> int:
    """Follow review ID until it ends; a lost connection is made again without losing an event.

    The exit code is that of `codereview review`.
    """
    last: Event | None = None
    for event in ApiClient(url, key).follow(review_id, after=after):
        last = event
        print_event(event, as_json=as_json)
    return exit_code_of(last)


def print_event(event: Event, *, as_json: bool) -> None:
    """Write an event for a person, or for a program."""
    if as_json:
        click.echo(json.dumps(event.to_wire(), ensure_ascii=False))
    elif line := event_line(event, colour=wants_colour(sys.stdout)):
        click.echo(line)


def exit_code_of(terminal: Event | None) -> int:
    """The exit code the terminal event of a review stands for."""
    if terminal is None or not terminal.type.terminal:
        return EXIT_INCOMPLETE
    return _EXIT.get(ReviewEnded.model_validate(terminal.data).verdict, EXIT_INCOMPLETE)
