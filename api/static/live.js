// Following a review: every event once, in order, over any number of connections and three ways of connecting.

import { call, of, Problem } from "./api.js";
import { listen as overSse } from "./live-sse.js";
import { listen as overSocket } from "./live-socket.js";
import { listen as overPolling } from "./live-polling.js";

/** The ways, the best first, and how often one may fail to open before the next is tried. */
const WAYS = [
  { name: "socket", listen: overSocket, tries: 2 },
  { name: "sse", listen: overSse, tries: 2 },
  { name: "polling", listen: overPolling, tries: Infinity },
];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/**
 * Calls `onEvent` for each event; `onState(name, facts)` with "connecting", "live", "waiting", "ended" or "refused";
 * and `onReset` when the log lost events already seen. Returns a function that stops.
 */
export function follow(reviewId, { onEvent, onState, onReset }) {
  let last = 0;
  let pause = FIRST_PAUSE;
  let way = 0;
  let failures = 0;
  let cuts = 0;
  let hangUp = null;
  let timer = null;
  let stopped = false;

  async function connect() {
    onState("connecting", { last, cuts });
    try {
      const ticket = await call("POST", of(reviewId, "/ticket"));
      if (!stopped) open(ticket);
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        return finish("refused", { why: error.message });
      }
      again();
    }
  }

  function open(ticket) {
    let opened = false;
    const { name, listen } = WAYS[way];
    hangUp = listen(reviewId, ticket, last, {
      onOpen() {
        opened = true;
        failures = 0;
        onState("live", { way: name, last, cuts });
      },
      onMessage: hear,
      onDone: () => finish("ended", { last }),
      onRefused: (why) => finish("refused", { why }),
      onClosed() {
        hangUp = null;
        if (stopped) return;
        if (opened) cuts += 1;
        else if (failed()) return connect();
        again();
      },
    });
  }

  /** Whether it was once too often, so that the next way is tried. */
  function failed() {
    failures += 1;
    if (failures < WAYS[way].tries || way === WAYS.length - 1) return false;
    way += 1;
    failures = 0;
    pause = FIRST_PAUSE;
    return true;
  }

  function hear(message) {
    pause = FIRST_PAUSE;
    if (message.id > last) {
      last = message.id;
      onEvent(message);
    } else if (message.type === "reset") {
      last = message.lastEventId;
      onReset();
    } else if (message.type === "error") {
      finish("refused", { why: message.problem.detail });
    }
  }

  function again() {
    onState("waiting", { last, cuts });
    timer = setTimeout(connect, pause * (0.5 + Math.random() / 2));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  function finish(state, facts) {
    stop();
    onState(state, facts);
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
    hangUp?.();
    removeEventListener("online", hurry);
  }

  /** The network is back: no need to wait out the pause. */
  function hurry() {
    if (hangUp || stopped) return;
    clearTimeout(timer);
    connect();
  }

  addEventListener("online", hurry);
  connect();
  return stop;
}
