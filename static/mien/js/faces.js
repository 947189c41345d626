// The faces of the photo: a frame on the picture and a chip in the strip for each; which are chosen.

import { announce, byId, actionButtons, element } from "./element.js";

const CROP = 120;

export class Faces {
  /** `onSelect` hears the chosen indices whenever a person changes them. */
  constructor(onSelect) {
    this.onSelect = onSelect;
    this.faces = [];
    this.selected = new Set();
    this.several = false;
    this.frames = byId("frames");
    this.strip = byId("face-strip");
    for (const button of actionButtons("several")) button.addEventListener("click", () => this.setSeveral(!this.several));
    for (const button of actionButtons("all-faces")) button.addEventListener("click", () => this.selectAll());
    this.frames.addEventListener("keydown", (event) => this.step(event, this.frames));
    this.strip.addEventListener("keydown", (event) => this.step(event, this.strip));
  }

  /** Show the faces of a photo, nothing chosen yet. */
  open(photo) {
    this.faces = photo.faces || [];
    this.selected.clear();
    this.setSeveral(false);
    this.frames.replaceChildren(...this.faces.map((face) => this.frame(face, photo)));
    this.strip.replaceChildren(...this.faces.map((face) => element("li", {}, this.chip(face))));
    byId("face-tools").hidden = this.faces.length < 2;
    if (!this.faces.length) {
      const text = photo.faces ? "No face was found." : "Looking for faces";
      this.strip.replaceChildren(element("li", { class: "strip-empty", text }));
    }
    this.render();
  }

  /** Cut each chip's face out of the loaded picture, which may be smaller than the photo. */
  crop(picture, photo) {
    const share = picture.naturalWidth / photo.width;
    for (const [index, canvas] of [...this.strip.querySelectorAll("canvas")].entries()) {
      const [x0, y0, x1, y1] = this.faces[index].box;
      const side = Math.max(x1 - x0, y1 - y0) * 1.3;
      const [left, top] = [(x0 + x1 - side) / 2, (y0 + y1 - side) / 2];
      canvas.getContext("2d").drawImage(picture, left * share, top * share, side * share, side * share, 0, 0, CROP, CROP);
    }
  }

  /** Choose these faces without telling `onSelect`. */
  choose(indices) {
    const known = new Set(this.faces.map((face) => face.index));
    this.selected = new Set(indices.filter((index) => known.has(index)));
    if (this.selected.size > 1) this.setSeveral(true);
    this.render();
  }

  indices() {
    return [...this.selected].sort((a, b) => a - b);
  }

  selectOnly(index) {
    if (!this.faces.some((face) => face.index === index)) return;
    this.selected = new Set([index]);
    this.changed();
  }

  selectAll() {
    const every = this.faces.length > 0 && this.selected.size === this.faces.length;
    this.selected = new Set(every ? [this.faces[0].index] : this.faces.map((face) => face.index));
    this.setSeveral(!every && this.faces.length > 1);
    this.changed();
  }

  setSeveral(on) {
    this.several = on;
    for (const button of actionButtons("several")) button.setAttribute("aria-pressed", on);
  }

  pick(index, event) {
    const add = this.several || event.shiftKey || event.ctrlKey || event.metaKey;
    if (!add) return this.selectOnly(index);
    if (!this.selected.has(index)) this.selected.add(index);
    else if (this.selected.size > 1) this.selected.delete(index);
    this.changed();
  }

  changed() {
    this.render();
    const names = this.indices().map((index) => index + 1);
    announce(names.length > 1 ? `Faces ${names.join(", ")} chosen` : `Face ${names[0]} chosen`);
    this.onSelect(this.indices());
  }

  render() {
    for (const button of document.querySelectorAll("[data-face]")) {
      button.setAttribute("aria-pressed", this.selected.has(Number(button.dataset.face)));
    }
    const all = this.faces.length > 1 && this.selected.size === this.faces.length;
    for (const button of actionButtons("all-faces")) button.setAttribute("aria-pressed", all);
    const first = this.indices()[0];
    for (const frame of this.frames.children) frame.tabIndex = Number(frame.dataset.face) === (first ?? 0) ? 0 : -1;
  }

  frame(face, photo) {
    const [x0, y0, x1, y1] = face.box;
    const number = element("span", { class: "frame-number", text: face.index + 1 });
    const frame = this.button(face, "frame", `Face ${face.index + 1} in the photo`, number);
    frame.style.left = `${(100 * x0) / photo.width}%`;
    frame.style.top = `${(100 * y0) / photo.height}%`;
    frame.style.width = `${(100 * (x1 - x0)) / photo.width}%`;
    frame.style.height = `${(100 * (y1 - y0)) / photo.height}%`;
    return frame;
  }

  chip(face) {
    const canvas = element("canvas", { width: CROP, height: CROP, "aria-hidden": "true" });
    return this.button(face, "chip", `Face ${face.index + 1}`, canvas, element("span", { text: face.index + 1 }));
  }

  button(face, kind, label, ...inside) {
    return element(
      "button",
      {
        class: kind,
        type: "button",
        "aria-label": label,
        "aria-pressed": "false",
        data: { face: face.index },
        on: { click: (event) => this.pick(face.index, event) },
      },
      ...inside,
    );
  }

  /** Arrows go from face to face, left to right as they stand in the list. */
  step(event, place) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = [...place.querySelectorAll("[data-face]")];
    const at = buttons.indexOf(document.activeElement);
    if (!by || at < 0) return;
    event.preventDefault();
    const next = buttons[(at + by + buttons.length) % buttons.length];
    next.focus();
    if (!event.shiftKey && !this.several) this.selectOnly(Number(next.dataset.face));
  }
}
