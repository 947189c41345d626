// A mask painted on the photo: a brush that adds and erases, and the PNG that goes with the edit.

import { announce, byId, element, icon } from "./element.js";

// Painted at most this large; the file that is sent has the photo's own size.
const LARGEST = 1600;
const TINT = "rgb(235 64 52)";

export class Brush {
  /** `onPaint` hears that a stroke ended or that the mask was cleared. */
  constructor(onPaint) {
    this.onPaint = onPaint;
    this.canvas = element("canvas", { class: "brush-canvas", "aria-label": "The mask that you paint", hidden: true });
    byId("picture").append(this.canvas);
    this.erasing = false;
    this.painted = false;
    this.size = 0.06;
    this.root = this.tools();
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, (event) => this.up(event));
  }

  /** Begin with an empty mask for a photo. */
  open(photo) {
    const share = Math.min(1, LARGEST / Math.max(photo.width, photo.height));
    this.photo = photo;
    this.canvas.width = Math.max(1, Math.round(photo.width * share));
    this.canvas.height = Math.max(1, Math.round(photo.height * share));
    this.painted = false;
  }

  show(on) {
    this.root.hidden = !on;
    this.canvas.hidden = !on;
    byId("stage").toggleAttribute("data-painting", on);
  }

  get shown() {
    return !this.canvas.hidden;
  }

  tools() {
    const tool = (text, erases) => {
      const button = element("button", { class: "button small", type: "button", "aria-pressed": erases === this.erasing, text });
      button.addEventListener("click", () => {
        this.erasing = erases;
        for (const one of [add, erase]) one.setAttribute("aria-pressed", (one === erase) === this.erasing);
      });
      return button;
    };
    const add = tool("Paint", false);
    const erase = tool("Erase", true);
    const clear = element("button", { class: "button quiet small", type: "button", on: { click: () => this.clear() } }, icon("bin"), element("span", { text: "Clear" }));
    const size = element("input", { type: "range", min: 0.01, max: 0.2, step: 0.005, value: this.size, "aria-label": "Size of the brush" });
    size.addEventListener("input", () => (this.size = Number(size.value)));
    return element(
      "div",
      { class: "brush", hidden: true },
      element("p", { class: "brush-hint", text: "Paint over what is to be filled, then apply." }),
      element("div", { class: "brush-row" }, add, erase, clear),
      element("label", { class: "brush-size" }, element("span", { text: "Brush" }), size),
    );
  }

  clear() {
    this.forget();
    announce("The mask is empty");
    this.onPaint();
  }

  /** Begin again with an empty mask. */
  forget() {
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.painted = false;
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.canvas.width, ((event.clientY - box.top) / box.height) * this.canvas.height];
  }

  down(event) {
    if (event.button > 0 || this.stroke) return;
    event.stopPropagation();
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = this.at(event);
    this.draw(this.stroke);
  }

  move(event) {
    if (!this.stroke) return;
    event.stopPropagation();
    const to = this.at(event);
    this.draw(to);
    this.stroke = to;
  }

  up() {
    if (!this.stroke) return;
    this.stroke = null;
    this.onPaint();
  }

  draw([x, y]) {
    const context = this.canvas.getContext("2d");
    context.globalCompositeOperation = this.erasing ? "destination-out" : "source-over";
    Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: TINT });
    context.lineWidth = this.size * Math.max(this.canvas.width, this.canvas.height);
    context.beginPath();
    context.moveTo(...this.stroke);
    context.lineTo(x + 0.01, y);
    context.stroke();
    if (!this.erasing) this.painted = true;
  }

  /** Return the mask as a PNG of the photo's size: white where it was painted, black elsewhere. */
  async file() {
    const sheet = element("canvas", { width: this.photo.width, height: this.photo.height });
    const context = sheet.getContext("2d");
    context.drawImage(this.canvas, 0, 0, sheet.width, sheet.height);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = "white";
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "black";
    context.fillRect(0, 0, sheet.width, sheet.height);
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }
}
