// Listening over a WebSocket.

import { apiRoot } from "./place.js";

const DONE = 1000;
const POLICY = 1008;
/** Longer than the server's heartbeat (ms): silence beyond it means the connection is dead. */
const SILENCE = 75_000;
/** A proxy that swallows the upgrade would leave us waiting for ever. */
const PATIENCE = 8_000;

/**
 * The address as this page can reach it. A service behind a proxy may not know the path and the scheme it is reached
 * by; where the socket is on the API's own host, the page does.
 */
function reachable(address) {
  const told = new URL(address);
  const api = apiRoot();
  if (told.host !== api.host) return told;
  const url = new URL("ws", api);
  url.protocol = api.protocol === "https:" ? "wss:" : "ws:";
  url.search = told.search;
  return url;
}

/** See live.js: `on` has onOpen, onMessage, onDone, onRefused, onClosed. Returns a function that hangs up. */
export function listen(reviewId, { webSocketUrl }, last, on) {
  let socket;
  try {
    socket = new WebSocket(reachable(webSocketUrl));
  } catch {
    queueMicrotask(on.onClosed); // e.g. an insecure address from a secure page
    return () => {};
  }
  let watchdog = setTimeout(() => socket.close(), PATIENCE);
  let over = false;

  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ action: "subscribe", reviewId, lastEventId: last }));
  });
  socket.addEventListener("message", ({ data }) => {
    if (over) return;
    clearTimeout(watchdog);
    watchdog = setTimeout(() => end(on.onClosed), SILENCE);
    const message = JSON.parse(data);
    if (message.type === "subscribed") on.onOpen();
    else on.onMessage(message);
  });
  socket.addEventListener("close", ({ code }) => {
    if (code === DONE) end(on.onDone);
    else if (code === POLICY) end(() => on.onRefused("the server closed the connection"));
    else end(on.onClosed);
  });

  function end(what) {
    clearTimeout(watchdog);
    if (over) return;
    over = true;
    socket.close();
    what();
  }

  return () => end(() => {});
}
