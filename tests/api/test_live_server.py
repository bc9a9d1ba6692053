"""Live streams on what they run on: gunicorn with gevent, a real Redis, real sockets."""

import base64
import http.client
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import websocket
from support.api_server import ApiServer, Socket
from support.live import progress
from support.redis_process import RedisProcess
from support.workers import eventually

from codereview.adapters.api_client import ApiClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A server the tests of this file may restart."""
    server = RedisProcess(tmp_path_factory.mktemp("live-redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The API as it is embedded."""
    server = ApiServer(redis.url, tmp_path_factory.mktemp("live-api")).start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _leave() -> Iterator[None]:
    """Every socket of a test is closed after it."""
    yield
    Socket.close_all()
    for connection in _streams:
        connection.close()
    _streams.clear()


@pytest.fixture
def start(redis: RedisProcess, tmp_path: Path) -> Iterator[Callable[..., ApiServer]]:
    """Start a server with settings of the test's own."""
    started: list[ApiServer] = []

    def start(**settings: Any) -> ApiServer:
        started.append(ApiServer(redis.url, tmp_path, **settings).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


def publish(server: ApiServer, review_id: str, count: int, *, pause_s: float = 0.0, size: int = 0) -> None:
    """Append events and then the terminal one."""
    for number in range(count):
        server.live.bus.emit(progress(review_id, f"{number}{'x' * size}"))
        time.sleep(pause_s)
    server.live.end(review_id)


def in_background(action: Callable[..., object], *arguments: object, **named: object) -> threading.Thread:
    """Run it in a thread."""
    thread = threading.Thread(target=action, args=arguments, kwargs=named, daemon=True)
    thread.start()
    return thread


def follow(server: ApiServer, review_id: str, after: int = 0, **options: Any) -> list[dict[str, Any]]:
    """Every event, over one socket, to the end."""
    client = server.socket(**options)
    client.send("subscribe", reviewId=review_id, lastEventId=after)
    try:
        events = list(client.events())
        assert client.close_code == 1000
        return events
    finally:
        client.close()


def follow_brokenly(server: ApiServer, review_id: str, luck: random.Random) -> list[dict[str, Any]]:
    """Every event, leaving without a word at random points and coming back with the last id."""
    seen: list[dict[str, Any]] = []
    while not seen or not seen[-1]["type"].startswith("review_"):
        client = server.socket()
        client.send("subscribe", reviewId=review_id, lastEventId=seen[-1]["id"] if seen else 0)
        for event in client.events():
            seen.append(event)
            if luck.random() < 0.03:
                client.connection.sock.close()
                break
    return seen


def log_of(server: ApiServer, review_id: str) -> list[dict[str, Any]]:
    """The truth."""
    return [json.loads(event.to_json()) for event in server.live.bus.read(review_id, limit=20_000)]


# --- nothing lost, nothing twice --------------------------------------------------------------------------------


def test_leaving_at_random_and_coming_back_is_never_having_left(server: ApiServer) -> None:
    """The promise of the stream, on the real thing."""
    review_id = server.review()
    publisher = in_background(publish, server, review_id, 400, pause_s=0.004)
    with ThreadPoolExecutor(9) as pool:
        stayed = pool.submit(follow, server, review_id)
        left = [pool.submit(follow_brokenly, server, review_id, random.Random(seed)) for seed in range(8)]
        logs = [future.result(60) for future in [stayed, *left]]
    publisher.join()
    assert logs == [log_of(server, review_id)] * 9


def test_fifty_sockets_on_one_review_share_one_subscription(server: ApiServer) -> None:
    """One Redis connection in pub/sub mode, however many listen; all see the same."""
    review_id = server.review()
    clients = [server.socket() for _ in range(50)]
    for client in clients:
        assert client.ask("subscribe", reviewId=review_id)["type"] == "subscribed"
    assert len(server.service.redis.client_list(_type="pubsub")) == 1
    publish(server, review_id, 100)
    with ThreadPoolExecutor(10) as pool:
        logs = list(pool.map(lambda client: list(client.events()), clients))
    assert logs == [log_of(server, review_id)] * 50


def test_a_killed_subscription_loses_nothing(server: ApiServer) -> None:
    """Redis drops the connection of the hub, again and again, while events are published."""
    review_id = server.review()
    with ThreadPoolExecutor(5) as pool:
        followers = [pool.submit(follow, server, review_id) for _ in range(5)]
        publisher = in_background(publish, server, review_id, 400, pause_s=0.005)
        while publisher.is_alive():
            server.service.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            time.sleep(0.15)
        logs = [future.result(30) for future in followers]
    assert logs == [log_of(server, review_id)] * 5


def test_a_restart_of_redis_loses_nothing(server: ApiServer, redis: RedisProcess) -> None:
    """The sockets stay open meanwhile, and everything comes once."""
    review_id = server.review()
    with ThreadPoolExecutor(5) as pool:
        followers = [pool.submit(follow, server, review_id) for _ in range(5)]
        for number in range(50):
            server.live.bus.emit(progress(review_id, number))
        redis.restart(away_s=0.5)
        publish_rest = [progress(review_id, number) for number in range(50, 100)]
        for draft in publish_rest:
            server.live.bus.emit(draft)
        server.live.end(review_id)
        logs = [future.result(30) for future in followers]
    assert logs == [log_of(server, review_id)] * 5
    assert len(logs[0]) == 101


def test_two_processes_serve_the_same_stream(start: Callable[..., ApiServer]) -> None:
    """A client that comes back may meet another process, which may have heard less than the one before."""
    server = start(WEB_CONCURRENCY=2)
    review_id = server.review()
    publisher = in_background(publish, server, review_id, 300, pause_s=0.004)
    with ThreadPoolExecutor(8) as pool:
        logs = list(pool.map(lambda seed: follow_brokenly(server, review_id, random.Random(seed)), range(8)))
    publisher.join()
    assert logs == [log_of(server, review_id)] * 8


def test_one_socket_follows_several_reviews(server: ApiServer) -> None:
    """It closes after the end of the last."""
    first, second = server.review(), server.review()
    client = server.socket()
    client.send("subscribe", reviewId=first)
    client.send("subscribe", reviewId=second)
    publish(server, second, 20)
    publish(server, first, 20)
    events = list(client.events())
    assert client.close_code == 1000
    for review_id in (first, second):
        assert [event for event in events if event["reviewId"] == review_id] == log_of(server, review_id)


def test_the_terminal_client_follows_over_a_kill_of_its_connection(server: ApiServer) -> None:
    """`codereview watch` uses the same socket, and resumes by itself."""
    review_id = server.review()
    publisher = in_background(publish, server, review_id, 60, pause_s=0.01)
    events = ApiClient(f"http://127.0.0.1:{server.port}").follow(review_id)
    seen = [event.to_wire() for event in events]
    publisher.join()
    assert seen == log_of(server, review_id)


# --- server-sent events -----------------------------------------------------------------------------------------


_streams: list[http.client.HTTPConnection | http.client.HTTPResponse] = []


def sse(server: ApiServer, review_id: str, **headers: str) -> http.client.HTTPResponse:
    """An open stream."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
    connection.request("GET", f"/api/review/{review_id}/events", headers={"Accept": "text/event-stream", **headers})
    answer = connection.getresponse()
    _streams.extend((answer, connection))
    return answer


def sse_events(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Its data, as it comes."""
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


def test_server_sent_events_are_the_same_events(server: ApiServer) -> None:
    """Live, resumed by Last-Event-ID, and ended by the terminal event."""
    review_id = server.review()
    server.live.bus.emit(progress(review_id, "first"))
    answer = sse(server, review_id)
    stream = sse_events(answer)
    seen = [next(stream)]
    publish(server, review_id, 30)
    seen += [next(stream) for _ in range(9)]
    answer.close()
    seen += list(sse_events(sse(server, review_id, **{"Last-Event-ID": str(seen[-1]["id"])})))
    assert seen == log_of(server, review_id)
    assert sse(server, review_id, **{"Last-Event-ID": str(seen[-1]["id"])}).status == 204


def test_heartbeats_are_data_on_both_streams(start: Callable[..., ApiServer]) -> None:
    """A browser cannot see pings; it must be able to tell a quiet review from a dead connection."""
    server = start(heartbeat_s=0.2)
    review_id = server.review()
    server.live.bus.emit(progress(review_id, 1))
    server.live.bus.emit(progress(review_id, 2))
    client = server.socket()
    idle = next(client.messages())
    assert (idle["type"], "id" in idle) == ("heartbeat", False)
    client.send("subscribe", reviewId=review_id)
    beat = next(m for m in client.messages() if m["type"] == "heartbeat" and m["reviewId"])
    assert (beat["reviewId"], beat["data"]) == (review_id, {"status": "running"})
    beat = next(m for m in sse_events(sse(server, review_id)) if m["type"] == "heartbeat")
    assert (beat["reviewId"], beat["data"]) == (review_id, {"status": "running"})


# --- messages ---------------------------------------------------------------------------------------------------


def test_a_review_is_started_followed_and_cancelled_over_one_socket(server: ApiServer) -> None:
    """The same submission as POST /api/review takes; the terminal event and code 1000 end it."""
    client = server.socket()
    started = client.ask("startReview", code="import os\n", filename="app.py")
    assert (started["type"], started["status"]) == ("started", "pending")
    assert started["webSocketUrl"].startswith(f"ws://127.0.0.1:{server.port}/ws?ticket=")
    client.send("cancel")
    messages = list(client.messages())
    assert [m["status"] for m in messages if m["type"] == "cancelled"] == ["cancelled"]
    assert [m["type"] for m in messages if "id" in m] == ["review_queued", "review_cancelled"]
    assert client.close_code == 1000


def test_a_repeated_start_with_one_key_is_one_review(server: ApiServer) -> None:
    """A socket that was lost before its answer is opened again and says the same again."""
    asked = {"code": "x = 1\n", "idempotencyKey": f"k{time.time()}"}
    started = [server.socket().ask("startReview", **asked) for _ in range(2)]
    assert started[0]["reviewId"] == started[1]["reviewId"]


@pytest.mark.parametrize(
    ("message", "slug", "said"),
    [
        ('{"action": "subscribe", "reviewId": "rv_unknown"}', "unknown-review", "rv_unknown"),
        ('{"action": "subscribe", "reviewId": "../../etc"}', "unknown-review", ""),
        ('{"action": "subscribe"}', "invalid-message", "/reviewId: field required"),
        ('{"action": "subscribe", "reviewId": "rv_1", "after": 3}', "unknown-field", "'after'"),
        ('{"action": "subscribe", "reviewId": "rv_1", "lastEventId": -1}', "invalid-message", "/lastEventId"),
        ('{"action": "subscribe", "reviewId": "rv_1", "lastEventId": "7"}', "invalid-message", "/lastEventId"),
        ('{"action": "dance"}', "invalid-message", "action must be one of startReview, subscribe"),
        ('{"action": ["subscribe"]}', "invalid-message", "action must be one of"),
        ("[1, 2]", "invalid-message", "action must be one of"),
        ('{"action": "ping",', "malformed-json", "line 1"),
        ("", "malformed-json", "line 1"),
        ('{"action": "startReview"}', "invalid-submission", "none was given"),
        ('{"action": "startReview", "code": ""}', "empty-submission", ""),
        ('{"action": "startReview", "code": "x", "filname": "y"}', "unknown-field", "did you mean 'filename'?"),
        ('{"action": "cancel"}', "invalid-message", "say which review: 0 are followed"),
        ('{"action": "cancel", "reviewId": "rv_unknown"}', "unknown-review", ""),
        ('{"action": "unsubscribe", "reviewId": "rv_unknown"}', "invalid-message", "not followed"),
    ],
)
def test_a_refused_message_gets_its_problem_and_the_socket_lives_on(
    server: ApiServer, message: str, slug: str, said: str
) -> None:
    """The same problems as over HTTP, in a message that says which action it answers."""
    client = server.socket()
    client.connection.send(message)
    answer = next(client.messages())
    assert (answer["type"], answer["problem"]["type"]) == ("error", f"/problems/{slug}")
    assert said in answer["problem"]["detail"]
    assert client.ask("ping") == {"type": "pong"}
    client.close()


def test_a_binary_message_is_refused(server: ApiServer) -> None:
    """Messages are text."""
    client = server.socket()
    client.connection.send_binary(b"{}")
    assert next(client.messages())["problem"]["type"] == "/problems/invalid-message"


def test_a_client_that_only_sends_nonsense_is_shown_the_door(server: ApiServer) -> None:
    """With a code that says not to come back as it is."""
    client = server.socket()
    for _ in range(30):
        client.connection.send("nonsense")
    assert len(list(client.messages())) == 20
    assert client.close_code == 1008


def test_a_flood_of_messages_is_answered_in_order_not_kept_in_memory(server: ApiServer) -> None:
    """Who sends faster than we answer is held up."""
    client = server.socket()
    sender = in_background(lambda: [client.send("ping") for _ in range(2_000)])
    answers = client.messages()
    assert all(next(answers) == {"type": "pong"} for _ in range(2_000))
    sender.join()


def test_only_so_many_reviews_are_followed_over_one_socket(server: ApiServer) -> None:
    """What one socket may ask of the process is bounded."""
    client = server.socket()
    for _ in range(16):
        assert client.ask("subscribe", reviewId=server.review())["type"] == "subscribed"
    refused = client.ask("subscribe", reviewId=server.review())
    assert (refused["action"], refused["problem"]["type"]) == ("subscribe", "/problems/too-many-subscriptions")


def test_a_review_whose_events_are_gone_is_said_to_be(server: ApiServer) -> None:
    """Not an endless wait."""
    review_id = server.review()
    server.service.redis.delete(*server.service.redis.keys(f"review:{review_id}:*"))
    client = server.socket()
    client.send("subscribe", reviewId=review_id)
    refused = next(message for message in client.messages() if message["type"] == "error")
    assert (refused["reviewId"], refused["problem"]["status"]) == (review_id, 410)


def test_pings_of_the_protocol_are_answered_between_events(server: ApiServer) -> None:
    """Frames of two writers never mix."""
    review_id = server.review()
    client = server.socket()
    client.send("subscribe", reviewId=review_id)
    publisher = in_background(publish, server, review_id, 1_000)
    pinger = in_background(lambda: [client.connection.ping(b"x" * 100) for _ in range(300)])
    assert list(client.events()) == log_of(server, review_id)
    publisher.join()
    pinger.join()


# --- who may --------------------------------------------------------------------------------------------------------


def refusal(server: ApiServer, query: str = "", **options: Any) -> tuple[int, str]:
    """Status and problem of a handshake that must be refused."""
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        server.socket(query, **options)
    body = json.loads(caught.value.resp_body)
    return caught.value.status_code, body["type"].removeprefix("/problems/")


def test_a_handshake_without_permission_is_refused_as_http(start: Callable[..., ApiServer]) -> None:
    """A client sees why: no key, a bad ticket, a page of another site, an unknown parameter."""
    server = start(auth="keys")
    assert refusal(server) == (401, "unauthenticated")
    assert refusal(server, "?ticket=made-up") == (401, "invalid-ticket")
    assert refusal(server, "?tiket=x") == (400, "unknown-parameter")
    key = f"Authorization: Bearer {server.key('ada')}"
    assert refusal(server, header=[key], origin="https://evil.example") == (403, "origin-refused")
    assert server.socket(header=[key]).ask("ping") == {"type": "pong"}


def test_a_ticket_opens_its_review_and_no_other(start: Callable[..., ApiServer]) -> None:
    """Nor does it start one; a key opens all reviews of its owner and none of others."""
    server = start(auth="keys")
    mine, other, foreign = server.review(owner="ada"), server.review(owner="ada"), server.review(owner="eve")
    key = {"Authorization": f"Bearer {server.key('ada')}"}
    status, _, ticket = server.request("POST", f"/api/review/{mine}/ticket", headers=key)
    assert status == 201
    client = server.socket(f"?ticket={ticket['ticket']}")
    for action, fields in [
        ("subscribe", {"reviewId": other}),
        ("subscribe", {"reviewId": foreign}),
        ("cancel", {"reviewId": other}),
        ("startReview", {"code": "x"}),
    ]:
        assert client.ask(action, **fields)["problem"]["type"] == "/problems/ticket-for-another-review"
    assert client.ask("subscribe", reviewId=mine)["type"] == "subscribed"
    holder = server.socket(header=key)
    assert holder.ask("subscribe", reviewId=other)["type"] == "subscribed"
    assert holder.ask("subscribe", reviewId=foreign)["problem"]["type"] == "/problems/unknown-review"


def test_a_plain_request_to_the_socket_is_told_to_upgrade(server: ApiServer) -> None:
    """So is a handshake of another version."""
    status, headers, body = server.request("GET", "/ws")
    assert (status, body["type"]) == (426, "/problems/upgrade-required")
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key}
    status, headers, body = server.request("GET", "/ws", headers={**upgrade, "Sec-WebSocket-Version": "8"})
    assert (status, headers["Sec-WebSocket-Version"]) == (426, "13")
    status, *_ = server.request(
        "GET", "/ws", headers={**upgrade, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x"}
    )
    assert status == 426


def test_live_connections_are_limited_and_requests_still_served(start: Callable[..., ApiServer]) -> None:
    """Beyond the limit a client is told when to come back; health keeps answering."""
    server = start(max_live_connections=3)
    review_id = server.review()
    server.live.bus.emit(progress(review_id))
    clients = [server.socket(), server.socket()]
    stream = sse(server, review_id)
    assert stream.status == 200
    assert refusal(server) == (503, "too-many-connections")
    assert sse(server, review_id).status == 503
    assert server.request("GET", "/health")[2] == {"status": "ok", "liveConnections": 3}
    clients[0].close()
    eventually(lambda: server.request("GET", "/health")[2]["liveConnections"] == 2, "the place is free", within_s=5)
    assert server.socket().ask("ping") == {"type": "pong"}


# --- slow, large, over ------------------------------------------------------------------------------------------


def slow_socket(server: ApiServer) -> Socket:
    """A client with as little room as the system allows."""
    return server.socket(sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))


def test_a_reader_that_does_not_read_is_cut_off_and_resumes(start: Callable[..., ApiServer]) -> None:
    """It holds nobody up meanwhile; it comes back with its last id and misses nothing."""
    server = start(app="support.live_wsgi:app", TEST_WRITE_LIMIT_S=0.5)
    review_id = server.review()
    stuck = slow_socket(server)
    stuck.send("subscribe", reviewId=review_id)
    with ThreadPoolExecutor(1) as pool:
        healthy = pool.submit(follow_patiently, server, review_id)
        publish(server, review_id, 4_000, size=2_000)
        log = log_of(server, review_id)
        assert healthy.result(30) == log
    eventually(lambda: bool(server.lines("live_connection_stuck")), "it was noticed", within_s=10)
    seen: list[dict[str, Any]] = []
    with pytest.raises((OSError, websocket.WebSocketException)):
        seen += stuck.events()
    read = log.index(seen[-1]) + 1 if seen else 0
    assert seen == log[:read]
    assert read < len(log)
    assert seen + follow_patiently(server, review_id, read) == log


def follow_patiently(server: ApiServer, review_id: str, after: int = 0) -> list[dict[str, Any]]:
    """Every event, coming back whenever the server says to try again."""
    seen: list[dict[str, Any]] = []
    while True:
        client = server.socket()
        client.send("subscribe", reviewId=review_id, lastEventId=seen[-1]["id"] if seen else after)
        seen += client.events()
        if client.close_code == 1000:
            return seen
        assert client.close_code == 1013


def test_a_reader_that_falls_behind_is_told_to_try_again(start: Callable[..., ApiServer]) -> None:
    """Code 1013, with everything up to there in order."""
    server = start(app="support.live_wsgi:app")
    review_id = server.review()
    slow = slow_socket(server)
    assert slow.ask("subscribe", reviewId=review_id)["type"] == "subscribed"
    publish(server, review_id, 4_000, size=2_000)
    seen = list(slow.events())
    assert slow.close_code == 1013
    assert 0 < len(seen) < 4_001
    assert seen + follow_patiently(server, review_id, seen[-1]["id"]) == log_of(server, review_id)


def test_a_message_over_the_limit_is_refused(start: Callable[..., ApiServer]) -> None:
    """The limit is that of a request body."""
    server = start(max_request_bytes=10_000)
    client = server.socket()
    client.send("startReview", code="x" * 20_000)
    assert list(client.messages()) == []
    assert client.close_code == 1009


def test_a_stop_sends_every_client_on_its_way(start: Callable[..., ApiServer]) -> None:
    """Code 1001, to come back at once; the process does not wait for sockets nobody will close."""
    server = start()
    review_id = server.review()
    server.live.bus.emit(progress(review_id))
    clients = [server.socket() for _ in range(5)]
    for client in clients:
        client.ask("subscribe", reviewId=review_id)
    stream = sse(server, review_id)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 20
    for client in clients:
        list(client.messages())
        assert client.close_code == 1001
    assert [event["id"] for event in sse_events(stream)] == [1]


def test_an_address_strangers_reach_is_refused_without_keys(redis: RedisProcess, tmp_path: Path) -> None:
    """Whoever starts gunicorn; the process says why and does not serve."""
    server = ApiServer(redis.url, tmp_path, host="0.0.0.0")
    with pytest.raises(AssertionError, match=r"refusing to listen on 0\.0\.0\.0 without API keys"):
        server.start()
    assert server.stop() != 0


def test_the_settings_are_logged_at_the_start(server: ApiServer) -> None:
    """All of them; secrets starred."""
    (line,) = server.lines("api_started")
    assert line["settings"]["auth"] == "none"
    assert line["settings"]["port"] == server.port


def test_a_socket_is_logged_in_one_line(server: ApiServer) -> None:
    """How long, how much, and why it ended."""
    review_id = server.review()
    publish(server, review_id, 10)
    client = server.socket(header=["X-Request-Id: socket-1"])
    client.send("subscribe", reviewId=review_id)
    list(client.messages())
    client.close()
    eventually(lambda: any(line["requestId"] == "socket-1" for line in server.lines("live_socket")), "logged")
    line = next(line for line in server.lines("live_socket") if line["requestId"] == "socket-1")
    assert (line["closeCode"], line["events"], line["messages"], line["refused"]) == (1000, 11, 1, 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_before_it_was_sent(start: Callable[..., ApiServer], chunked: bool) -> None:
    """The client gets the answer although it is still sending, and the connection is not used again."""
    server = start(max_request_bytes=100_000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as peer:
        length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 50000000"
        peer.sendall(
            b"POST /api/review HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%b\r\n\r\n" % length
        )
        block = b"x" * 10_000
        for _ in range(20):
            peer.sendall(b"2710\r\n" + block + b"\r\n" if chunked else block)
        received = b""
        while chunk := peer.recv(65_536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 413")
    assert b'"type": "/problems/too-large"' in received
    assert received.count(b"HTTP/1.1") == 1


def test_what_the_page_promises_of_memory(server: ApiServer) -> None:
    """A thousand sockets cost the process tens of kilobytes each, and one Redis connection together."""
    review_id = server.review()
    before = _memory(server)
    clients = [server.socket() for _ in range(300)]
    for client in clients:
        client.send("subscribe", reviewId=review_id)
    eventually(lambda: server.request("GET", "/health")[2]["liveConnections"] >= 300, "all are there")
    each = (_memory(server) - before) / 300
    for client in clients:
        client.close()
    assert each < 100_000, f"{each:.0f} bytes a socket"


def _memory(server: ApiServer) -> int:
    import psutil

    return sum(child.memory_info().rss for child in psutil.Process(server.process.pid).children())
