// Following a log, that of an edit or a batch: the socket where it works, asking now and then where it does not.

import { addresses, api } from "./api.js";

const ENDS = new Set(["done", "failed", "cancelled"]);
const POLL_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Call `onEvent` with every event of the edit after `since`, until the one that ends it. */
export function followEdit(id, onEvent, since = 0) {
  const stop = follow((last) => addresses.socket(id, last), (last) => api.events(id, last), since, (event) => {
    onEvent(event);
    if (ENDS.has(event.kind)) stop();
  });
  return stop;
}

/** Call `onEvent` with every event of the batch, the old ones too, until it is told to stop. */
export function followBatch(id, onEvent) {
  return follow((last) => addresses.batchSocket(id, last), (last) => api.batchEvents(id, last), 0, onEvent);
}

/**
 * Call `onEvent` with every event after `since`, in order and once each. A socket that breaks is
 * opened again from the last event; in between, and where sockets do not get through, the events
 * are asked for.
 *
 * Returns a function that stops following.
 */
function follow(addressAfter, eventsAfter, since, onEvent) {
  let last = since;
  let stopped = false;
  let socket = null;
  let open = false;
  let wait = 250;
  let retry = null;

  function take(event) {
    if (stopped || event.id <= last) return;
    last = event.id;
    onEvent(event);
  }

  function connect() {
    if (stopped) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    try {
      socket = new WebSocket(`${scheme}//${location.host}${addressAfter(last)}`);
    } catch {
      return;
    }
    socket.addEventListener("open", () => {
      open = true;
      wait = 250;
    });
    socket.addEventListener("message", (message) => take(JSON.parse(message.data)));
    socket.addEventListener("close", () => {
      open = false;
      if (stopped) return;
      retry = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  }

  async function ask() {
    try {
      for (const event of await eventsAfter(last)) take(event);
    } catch (problem) {
      if (problem.status === 404) take({ id: last + 1, kind: "failed", data: { code: "not_found", message: problem.detail } });
    }
  }

  // The socket gets a head start, so that a healthy one costs no request at all.
  const poll = setInterval(() => {
    if (!open) ask();
  }, POLL_MS);

  function wake() {
    if (!document.hidden) ask();
  }

  function stop() {
    stopped = true;
    clearInterval(poll);
    clearTimeout(retry);
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("online", wake);
    socket?.close();
  }

  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  connect();
  return stop;
}
