// Following a review over the WebSocket: every event once, in order, over any number of connections.

import { call, Problem } from "./api.js";

const DONE = 1000;
const POLICY = 1008;
/** Longer than the server's heartbeat (ms): silence beyond it means the connection is dead. */
const SILENCE = 75_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/**
 * Calls `onEvent` for each event, `onState` with "connecting", "live", "waiting", "ended" or "refused", and `onReset`
 * when the log lost events already seen. Returns a function that stops.
 */
export function follow(reviewId, { onEvent, onState, onReset }) {
  let last = 0;
  let pause = FIRST_PAUSE;
  let socket = null;
  let watchdog = null;
  let stopped = false;

  async function connect() {
    onState("connecting");
    try {
      const { webSocketUrl } = await call("POST", `/api/review/${encodeURIComponent(reviewId)}/ticket`);
      if (!stopped) open(webSocketUrl);
    } catch (error) {
      if (error instanceof Problem && error.status < 500) return onState("refused", error.message);
      again();
    }
  }

  function open(address) {
    socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ action: "subscribe", reviewId, lastEventId: last }));
    });
    socket.addEventListener("message", (message) => hear(JSON.parse(message.data)));
    socket.addEventListener("close", ({ code }) => {
      clearTimeout(watchdog);
      if (stopped) return;
      if (code === DONE) onState("ended");
      else if (code === POLICY) onState("refused", "the server closed the connection");
      else again();
    });
    listen();
  }

  function hear(message) {
    listen();
    pause = FIRST_PAUSE;
    if (message.id > last) {
      last = message.id;
      onEvent(message);
    } else if (message.type === "reset") {
      last = message.lastEventId;
      onReset();
    } else if (message.type === "subscribed") {
      onState("live");
    } else if (message.type === "error") {
      stop();
      onState("refused", message.problem.detail);
    }
  }

  function listen() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket.close(), SILENCE);
  }

  function again() {
    onState("waiting");
    setTimeout(() => stopped || connect(), pause * (0.5 + Math.random() / 2));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  function stop() {
    stopped = true;
    clearTimeout(watchdog);
    socket?.close();
  }

  connect();
  return stop;
}
