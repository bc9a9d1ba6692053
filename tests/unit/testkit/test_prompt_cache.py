"""What the simulated prompt cache bills, told by the usage the client sees."""

import threading
from typing import Any

from codereview.testkit.exchange import Asked, Reply

MODEL = "claude-sonnet-5-5"
#: 2,000 tokens.
LONG = "word" * 2000


def block(text: str, ttl: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"type": "text", "text": text}
    return made | {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else made


def ask(client: Any, *content: dict[str, Any], **more: Any) -> tuple[int, int, int, int]:
    """Tokens of a prompt: not cached, read, written for five minutes, for an hour."""
    fields = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": list(content)}], **more}
    usage = client.messages.create(**fields).usage
    creation = usage.cache_creation
    assert usage.cache_creation_input_tokens == creation.ephemeral_5m_input_tokens + creation.ephemeral_1h_input_tokens
    return (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        creation.ephemeral_5m_input_tokens,
        creation.ephemeral_1h_input_tokens,
    )


def test_the_first_request_writes_what_the_second_reads(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    assert ask(client, block(LONG, "5m"), block("one")) == (1, 0, 2000, 0)
    assert ask(client, block(LONG, "5m"), block("other")) == (2, 2000, 0, 0)


def test_without_a_breakpoint_nothing_is_cached(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    assert [ask(client, block(LONG)) for _ in range(2)] == [(2000, 0, 0, 0)] * 2


def test_a_short_prefix_is_not_cached(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    assert [ask(client, block("word" * 1023, "5m")) for _ in range(2)] == [(1023, 0, 0, 0)] * 2
    small = connect(serve(Reply("ok"), minimum=100))
    assert [ask(small, block("word" * 1023, "5m")) for _ in range(2)] == [(0, 0, 1023, 0), (0, 1023, 0, 0)]


def test_tools_come_before_the_system_and_that_before_the_messages(serve: Any, connect: Any) -> None:
    """What comes first is part of every prefix behind it; what comes last of none."""
    client = connect(serve(Reply("ok")))
    tool = {"name": "look", "input_schema": {"type": "object"}}
    system = [block(LONG, "5m")]
    first = ask(client, block("one"), tools=[tool], system=system)
    assert (first[0], first[1]) == (1, 0)
    assert ask(client, block("two"), tools=[tool], system=system)[1] == first[2], "the message may differ"
    assert ask(client, block("one"), tools=[{**tool, "name": "peek"}], system=system)[1] == 0, "the tools may not"


def test_hours_and_minutes_are_told_apart(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    assert ask(client, block(LONG, "1h"), block(LONG, "5m"), block("one")) == (1, 0, 2000, 2000)


def test_entries_expire_unless_they_are_used(serve: Any, connect: Any, clock: Any) -> None:
    client = connect(serve(Reply("ok"), clock=clock))
    lasting, passing = [block(LONG, "1h")], [block("x" + LONG, "5m")]
    ask(client, *lasting)
    ask(client, *passing)
    for _ in range(3):
        clock.now += 299
        assert ask(client, *passing)[1] == 2001, "used within five minutes, it lives for five more"
    clock.now += 301
    assert ask(client, *passing)[1] == 0
    assert ask(client, *lasting)[1] == 2000
    clock.now += 3601
    assert ask(client, *lasting)[1] == 0


def test_an_entry_before_the_breakpoint_is_found_up_to_twenty_blocks_back(serve: Any, connect: Any) -> None:
    for more, found in ((19, 2000), (20, 0)):
        client = connect(serve(Reply("ok")))
        ask(client, block(LONG, "5m"))
        grown = [block(f"turn{number}") for number in range(more)]
        grown[-1] = block("last", "5m")
        assert ask(client, block(LONG), *grown)[1] == found, more


def test_another_key_model_or_format_is_another_cache(serve: Any, connect: Any) -> None:
    server = serve(Reply("ok"))
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    form = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    ask(connect(server), block(LONG, "5m"))
    assert ask(connect(server, key="another"), block(LONG, "5m"))[1] == 0
    assert ask(connect(server), block(LONG, "5m"), model="claude-opus-5-5")[1] == 0
    assert ask(connect(server), block(LONG, "5m"), **form)[1] == 0
    assert ask(connect(server), block(LONG, "5m"))[1] == 2000


def test_other_effort_keeps_the_system_and_loses_the_messages(serve: Any, connect: Any) -> None:
    client = connect(serve(Reply("ok")))
    system = [block(LONG, "5m")]
    ask(client, block("y" + LONG, "5m"), system=system)
    assert ask(client, block("y" + LONG, "5m"), system=system, output_config={"effort": "low"}) == (0, 2000, 2001, 0)


def test_equal_requests_at_once_all_write(serve: Any, connect: Any) -> None:
    """An entry can be read only once the answer that wrote it has begun: whoever fans out first pays for each."""
    together = threading.Barrier(3)

    def rule(asked: Asked) -> Reply:
        if asked.number <= 3:
            together.wait(30)
        return Reply("ok")

    client = connect(serve(rule))
    seen: list[tuple[int, int, int, int]] = []
    threads = [threading.Thread(target=lambda: seen.append(ask(client, block(LONG, "5m")))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(0, 0, 2000, 0)] * 3
    assert ask(client, block(LONG, "5m")) == (0, 2000, 0, 0)


def test_an_answer_that_began_may_be_read_while_it_still_streams(serve: Any, connect: Any) -> None:
    """What makes warming worth while: one call first, the others at its first event."""
    slow = Reply("x" * 40, piece=1, piece_delay_s=0.02)
    client = connect(serve(lambda asked: slow if asked.number == 1 else Reply("ok")))
    content = [block(LONG, "5m")]
    fields: Any = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": content}]}
    with client.messages.create(**fields, stream=True) as stream:
        assert next(iter(stream)).type == "message_start"
        assert ask(client, *content)[1] == 2000


def test_a_request_that_failed_has_written_nothing(serve: Any, connect: Any) -> None:
    server = serve(lambda asked: Reply(status=529) if asked.number == 1 else Reply("ok"))
    client = connect(server, max_retries=1)
    assert ask(client, block(LONG, "5m"))[2] == 2000
