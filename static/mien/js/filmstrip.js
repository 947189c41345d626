// The several results of one edit as a strip under the stage: to scrub, compare, take and download.

import { addresses } from "./api.js";
import { actionButtons, byId, element } from "./element.js";

/** Return {name, values} of the setting that has several values, or of proposals; null if there is one result. */
export function severalOf(params) {
  const found = Object.entries(params || {}).find(([, value]) => Array.isArray(value));
  if (found) return { name: found[0], values: found[1] };
  const count = params?.variants || 1;
  return count > 1 ? { name: "variants", values: Array.from({ length: count }, (_, at) => at + 1) } : null;
}

/** Return the settings as the controls show them: of several values, the one that is looked at. */
export function oneOf(params, value) {
  const several = severalOf(params);
  if (!several || several.name === "variants") return params;
  return { ...params, [several.name]: value ?? several.values[0] };
}

// How much of the photo a frame of the strip shows, in boxes of the face.
const SHOWN = 1.7;

/** Return the CSS that crops a picture of the photo to the square around a face. */
function cropTo(face, photo) {
  const [x0, y0, x1, y1] = face?.box || [0, 0, photo.width, photo.height];
  const side = Math.min(photo.width, photo.height, SHOWN * Math.max(x1 - x0, y1 - y0));
  const at = (middle, length) => (length === side ? 0 : Math.min(1, Math.max(0, (middle - side / 2) / (length - side))));
  const percent = (value) => `${value * 100}%`;
  return {
    backgroundSize: `${percent(photo.width / side)} ${percent(photo.height / side)}`,
    backgroundPosition: `${percent(at((x0 + x1) / 2, photo.width))} ${percent(at((y0 + y1) / 2 - 0.05 * side, photo.height))}`,
  };
}

export class Filmstrip {
  /** `on` holds the listeners choose(label) of a frame, and use(name, value) of "Use this one". */
  constructor(on) {
    this.on = on;
    this.root = byId("filmstrip");
    this.row = byId("filmstrip-row");
    this.title = byId("filmstrip-title");
    this.frames = [];
    this.row.addEventListener("keydown", (event) => this.step(event));
    this.listen();
    for (const button of actionButtons("use-one")) button.addEventListener("click", () => this.on.use(this.name, this.values[this.index]));
    for (const button of actionButtons("download-all")) button.addEventListener("click", () => this.downloadAll());
  }

  get label() {
    return this.frames.length ? this.labels[this.index] : null;
  }

  get value() {
    return this.values?.[this.index];
  }

  /** Show the frames of an edit; `id` is null while it runs. Returns the label that is chosen. */
  open(photo, faces, operation, params, id) {
    const { name, values } = severalOf(params);
    const schema = operation?.params.properties[name] || {};
    const labels = values.map(String);
    const same = this.frames.length && this.name === name && this.labels.join() === labels.join();
    if (!same) this.index = Math.floor(labels.length / 2);
    Object.assign(this, { id, name, values, labels, unit: schema.unit || "" });
    this.title.textContent = schema.title || name;
    const crop = cropTo(photo.faces.find((face) => face.index === faces[0]), photo);
    this.frames = labels.map((label, at) => this.frame(label, at, crop));
    this.row.replaceChildren(...this.frames);
    this.row.style.setProperty("--count", labels.length);
    this.root.hidden = false;
    for (const tool of this.root.querySelectorAll(".filmstrip-tools > *")) tool.toggleAttribute("inert", id === null);
    if (id !== null) labels.forEach((label) => this.fill(label, addresses.onePicture(id, label)));
    // On a telephone the form is below the strip that was asked for there.
    else scrollTo({ top: 0 });
    this.mark();
    return this.label;
  }

  frame(label, at, crop) {
    const picture = element("span", { class: "film-picture" });
    Object.assign(picture.style, crop);
    return element(
      "button",
      { class: "film", type: "button", role: "radio", "aria-label": `${label} ${this.unit}`.trim(), on: { click: () => this.choose(at) } },
      picture,
      element("span", { class: "film-label", text: label }),
    );
  }

  /** Put a picture into the frame of that label: a preview, or what became of it. */
  fill(label, address) {
    const frame = this.frames[this.labels?.indexOf(label)];
    if (frame) frame.querySelector(".film-picture").style.backgroundImage = `url("${address}")`;
  }

  close() {
    this.root.hidden = true;
    this.frames = [];
    this.labels = null;
    this.row.replaceChildren();
  }

  choose(index) {
    const to = Math.min(this.frames.length - 1, Math.max(0, index));
    if (to === this.index || !this.frames.length) return;
    this.index = to;
    this.mark();
    if (this.id !== null) this.on.choose(this.label);
  }

  mark() {
    this.frames.forEach((frame, at) => {
      frame.setAttribute("aria-checked", at === this.index);
      frame.tabIndex = at === this.index ? 0 : -1;
    });
    byId("filmstrip-value").textContent = `${this.label} ${this.unit}`.trim();
    byId("download-one").href = this.id === null ? "" : addresses.oneDownload(this.id, this.label);
    byId("download-row").href = this.id === null ? "" : addresses.download(this.id);
  }

  step(event) {
    const last = this.frames.length - 1;
    const to = { ArrowLeft: this.index - 1, ArrowUp: this.index - 1, ArrowRight: this.index + 1, ArrowDown: this.index + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(to);
    this.frames[this.index].focus();
  }

  /** Scrub: while the pointer is down, the frame under it is the chosen one. */
  listen() {
    const follow = (event) => {
      const box = this.row.getBoundingClientRect();
      this.choose(Math.floor(((event.clientX - box.left) / box.width) * this.frames.length));
    };
    let scrubbing = null;
    this.row.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      scrubbing = event.pointerId;
      follow(event);
    });
    this.row.addEventListener("pointermove", (event) => {
      if (event.pointerId !== scrubbing) return;
      if (!this.row.hasPointerCapture(scrubbing)) this.row.setPointerCapture(scrubbing);
      follow(event);
    });
    for (const end of ["pointerup", "pointercancel"]) this.row.addEventListener(end, () => (scrubbing = null));
  }

  /** Save every result as a file of its own, one after the other. */
  downloadAll() {
    for (const label of this.labels) {
      const link = element("a", { href: addresses.oneDownload(this.id, label), download: "" });
      document.body.append(link);
      link.click();
      link.remove();
    }
  }
}
