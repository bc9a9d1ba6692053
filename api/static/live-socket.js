// Listening over a WebSocket.

const DONE = 1000;
const POLICY = 1008;
/** Longer than the server's heartbeat (ms): silence beyond it means the connection is dead. */
const SILENCE = 75_000;
/** A proxy that swallows the upgrade would leave us waiting for ever. */
const PATIENCE = 8_000;

/** See live.js: `on` has onOpen, onMessage, onDone, onRefused, onClosed. Returns a function that hangs up. */
export function listen(reviewId, { webSocketUrl }, last, on) {
  let socket;
  try {
    socket = new WebSocket(webSocketUrl);
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
