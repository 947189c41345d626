// What each key does, and the list of them.

import { byId, element } from "./element.js";

const LIST = [
  [["1", "…", "9"], "Choose a face"],
  [["A"], "Choose every face"],
  [["Z"], "Undo"],
  [["Shift", "Z"], "Redo"],
  [["R"], "Reset the settings"],
  [["Space"], "Hold to see the original (O does the same)"],
  [["C"], "Compare before and after; arrows move the line"],
  [["F"], "Show or hide the frames"],
  [["+", "−"], "Larger, smaller"],
  [["0"], "Fit to the window"],
  [["Esc"], "Cancel the running edit"],
  [["H", "?"], "This list"],
];

function typing(target) {
  return target.closest("input[type=text], textarea, [contenteditable]");
}

/** Listen for keys; `deeds` maps names to functions. Held keys call `original(true)`, then `original(false)`. */
export function listenForKeys(deeds) {
  const dialog = byId("keys-dialog");
  const rows = LIST.flatMap(([keys, words]) => [element("dt", {}, ...keys.map((key) => element("kbd", { text: key }))), element("dd", { text: words })]);
  byId("keys-list").replaceChildren(...rows);

  const keys = {
    z: (event) => (event.shiftKey ? deeds.redo() : deeds.undo()),
    y: (event) => (event.ctrlKey || event.metaKey) && deeds.redo(),
    a: deeds.all,
    r: deeds.reset,
    c: deeds.compare,
    f: deeds.frames,
    "+": deeds.larger,
    "=": deeds.larger,
    "-": deeds.smaller,
    0: deeds.fit,
    h: () => dialog.showModal(),
    "?": () => dialog.showModal(),
    escape: deeds.cancel,
  };

  const holds = (event) => {
    if (event.key.toLowerCase() === "o") return true;
    // Space presses the button that has the focus; elsewhere it shows the original.
    return event.key === " " && !event.target.closest("button, a, input, summary, select");
  };

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || typing(event.target) || event.altKey) return;
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (command && key !== "z" && key !== "y") return;
    if (!command && holds(event)) {
      event.preventDefault();
      deeds.original(true);
      return;
    }
    if (/^[1-9]$/.test(key)) {
      deeds.face(Number(key) - 1);
      return;
    }
    if (!keys[key]) return;
    if (key !== "escape") event.preventDefault();
    keys[key](event);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key.toLowerCase() === "o") deeds.original(false);
  });
  addEventListener("blur", () => deeds.original(false));
  for (const button of document.querySelectorAll("[data-action=keys]")) button.addEventListener("click", () => dialog.showModal());
}
