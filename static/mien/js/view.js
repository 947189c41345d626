// Where the picture lies on the stage: fit, zoom at a point, pan, pinch. Sizes are CSS pixels.

import { byId } from "./element.js";

const MARGIN = 20;
// Room for what floats at the foot of the stage: the buttons and the verdict over them.
const FOOT = 100;
const LARGEST = 16;

export class View {
  constructor(onChange = () => {}) {
    this.stage = byId("stage");
    this.picture = byId("picture");
    this.onChange = onChange;
    this.width = 0;
    this.height = 0;
    this.fitted = true;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.pointers = new Map();
    new ResizeObserver(() => this.resized()).observe(this.stage);
    this.listen();
  }

  /** Lay out a picture of that many pixels, fitted to the stage. */
  open(width, height) {
    this.width = width;
    this.height = height;
    this.stage.style.setProperty("--photo-ratio", height / width);
    this.fit();
  }

  fitScale() {
    const { clientWidth, clientHeight } = this.stage;
    const wide = Math.max(1, clientWidth - 2 * MARGIN) / this.width;
    const high = Math.max(1, clientHeight - MARGIN - FOOT) / this.height;
    return Math.min(wide, high, 4);
  }

  fit() {
    if (!this.width) return;
    this.fitted = true;
    this.scale = this.fitScale();
    this.x = (this.stage.clientWidth - this.width * this.scale) / 2;
    this.y = MARGIN + (this.stage.clientHeight - MARGIN - FOOT - this.height * this.scale) / 2;
    this.place();
  }

  resized() {
    if (!this.width) return;
    if (this.fitted) this.fit();
    else this.place();
  }

  /** Zoom by `factor` about the point (x, y) of the stage; its middle if none is given. */
  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    if (!this.width) return;
    const smallest = Math.min(this.fitScale(), 1) * 0.5;
    const scale = Math.min(LARGEST, Math.max(smallest, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.place();
  }

  pan(dx, dy) {
    if (!this.width) return;
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.place();
  }

  /** Bring the middle of `box`, in pixels of the photo, into sight if it is out of it. */
  reveal([x0, y0, x1, y1]) {
    const x = this.x + ((x0 + x1) / 2) * this.scale;
    const y = this.y + ((y0 + y1) / 2) * this.scale;
    if (x > 0 && y > 0 && x < this.stage.clientWidth && y < this.stage.clientHeight) return;
    this.pan(this.stage.clientWidth / 2 - x, this.stage.clientHeight / 2 - y);
  }

  place() {
    const width = this.width * this.scale;
    const height = this.height * this.scale;
    const keep = 60;
    this.x = Math.min(this.stage.clientWidth - keep, Math.max(keep - width, this.x));
    this.y = Math.min(this.stage.clientHeight - keep, Math.max(keep - height, this.y));
    this.picture.style.width = `${width}px`;
    this.picture.style.height = `${height}px`;
    this.picture.style.transform = `translate(${Math.round(this.x)}px, ${Math.round(this.y)}px)`;
    this.onChange(this);
  }

  /** The share of screen pixels per pixel of the photo, for people: 1 is one to one. */
  share() {
    return this.scale * devicePixelRatio;
  }

  listen() {
    const { stage } = this;
    stage.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const [x, y] = this.at(event);
        const lines = event.deltaMode === 1 ? 16 : 1;
        this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), x, y);
      },
      { passive: false },
    );
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => this.up(event));
    stage.addEventListener("dblclick", (event) => {
      if (event.target.closest("button, a, [role=slider], .stage-notice")) return;
      if (this.fitted) this.zoom(1 / this.share(), ...this.at(event));
      else this.fit();
    });
  }

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    // A second finger may land on a frame; the first one on a control belongs to that control.
    if (event.button > 0 || event.target.closest(".stage-foot, .stage-notice, .compare-line")) return;
    this.pointers.set(event.pointerId, this.at(event));
    this.moved = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    if (this.pointers.size === 1) {
      this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      // A tap that trembles is still a tap.
      if (this.moved < 5) return;
      this.stage.dataset.panning = "";
      if (!this.stage.hasPointerCapture(event.pointerId)) this.stage.setPointerCapture(event.pointerId);
      this.pan(now[0] - before[0], now[1] - before[1]);
    } else if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const reach = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      this.zoom(reach(now) / reach(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      this.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    }
    this.pointers.set(event.pointerId, now);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) delete this.stage.dataset.panning;
  }
}
