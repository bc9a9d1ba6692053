// Listening to server-sent events, where a WebSocket cannot get through.

import { of } from "./api.js";
import { apiAddress } from "./place.js";

const SILENCE = 75_000;
/** A proxy that collects the answer before it passes it on would leave us waiting for ever. */
const PATIENCE = 8_000;

/** See live.js. The browser's own reconnection is not used: its ticket would be too old one day. */
export function listen(reviewId, { ticket }, last, on) {
  const address = apiAddress(of(reviewId, "/events"));
  address.searchParams.set("ticket", ticket);
  address.searchParams.set("after", last);
  const source = new EventSource(address);
  let watchdog = setTimeout(() => end(on.onClosed), PATIENCE);
  let opened = false;
  let over = false;

  source.addEventListener("message", ({ data }) => {
    if (over) return;
    hold();
    if (!opened) on.onOpen();
    opened = true;
    const message = JSON.parse(data);
    on.onMessage(message);
    if (message.id && /^review_(completed|failed|cancelled)$/.test(message.type)) end(on.onDone);
  });
  source.addEventListener("open", () => {
    // After a resume there may be nothing to say for a while; the first time there always is.
    if (last === 0 || over) return;
    hold();
    opened = true;
    on.onOpen();
  });
  source.addEventListener("error", () => end(on.onClosed));

  function hold() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => end(on.onClosed), SILENCE);
  }

  function end(what) {
    clearTimeout(watchdog);
    if (over) return;
    over = true;
    source.close();
    what();
  }

  return () => end(() => {});
}
