// How a photo gets in: chosen, dropped anywhere, pasted, or taken with a phone's camera.

import { Problem, addresses, csrfToken, readProblem } from "./api.js";
import { listenForDrops } from "./drop.js";
import { byId, actionButtons } from "./element.js";

/** Send `file`; resolve with the photo. `onShare` hears 0..1; `signal` stops it. */
export function sendPhoto(file, onShare, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", addresses.photos());
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onShare(event.loaded / event.total));
    request.upload.addEventListener("load", () => onShare(1));
    request.addEventListener("load", () => {
      if (request.status === 201 || request.status === 200) resolve(JSON.parse(request.responseText));
      else reject(readProblem(request.responseText, request.status));
    });
    request.addEventListener("error", () => reject(new Problem({ code: "unreachable", detail: "The upload broke off." })));
    request.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, file.name || "pasted.png");
    request.send(form);
  });
}

function fileIn(transfer) {
  return [...(transfer?.files || [])][0] || null;
}

/** Call `onFile` with every file that is chosen, dropped or pasted; `onRefused` when it was none. */
export function listenForFiles(onFile, onRefused) {
  for (const input of [byId("file"), byId("camera")]) {
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) onFile(file);
      input.value = "";
    });
  }
  for (const button of actionButtons("open")) button.addEventListener("click", () => byId("file").click());
  listenForDrops((transfer) => {
    const file = fileIn(transfer);
    if (file) onFile(file);
    else onRefused(new Problem({ code: "not_a_photo" }));
  });
  document.addEventListener("paste", (event) => {
    const file = fileIn(event.clipboardData);
    if (file) onFile(file);
  });
}

/** Show an upload under way; `share` null takes it away. */
export function showUpload(name, share) {
  byId("upload").hidden = share === null;
  if (share === null) return;
  byId("upload-name").textContent = share < 1 ? `Sending ${name}` : "Finding the faces";
  byId("upload-share").textContent = share < 1 ? `${Math.round(share * 100)} %` : "";
  const bar = byId("upload-bar");
  if (share < 1) bar.value = share;
  else bar.removeAttribute("value");
}
