// Before and after: a line to drag, and the original while something is held.

import { byId, actionButtons } from "./element.js";

export class Compare {
  constructor() {
    this.stage = byId("stage");
    this.picture = byId("picture");
    this.before = byId("before");
    this.line = byId("compare-line");
    this.hold = document.querySelector("[data-hold=original]");
    this.badge = byId("stage-badge");
    this.setShare(0.5);
    this.listen();
  }

  /** Put the line at `share` of the picture's width, 0 to 1. */
  setShare(share) {
    this.share = Math.min(1, Math.max(0, share));
    const percent = Math.round(this.share * 100);
    this.line.style.left = `${this.share * 100}%`;
    this.before.style.clipPath = `inset(0 ${100 - this.share * 100}% 0 0)`;
    this.line.setAttribute("aria-valuenow", percent);
    this.line.setAttribute("aria-valuetext", `${percent} % before, ${100 - percent} % after`);
  }

  /** Allow comparing, or end it where there is nothing to compare. */
  enable(on) {
    for (const button of actionButtons("compare")) button.disabled = !on;
    this.hold.disabled = !on;
    this.enabled = on;
    if (!on) {
      this.show(false);
      this.showOriginal(false);
    }
  }

  get comparing() {
    return "comparing" in this.stage.dataset;
  }

  show(on) {
    this.stage.toggleAttribute("data-comparing", on);
    for (const button of actionButtons("compare")) button.setAttribute("aria-pressed", on);
  }

  toggle() {
    if (!this.enabled) return;
    this.show(!this.comparing);
    if (!this.comparing) return;
    this.setShare(this.visibleMiddle());
    this.line.focus({ preventScroll: true });
  }

  showOriginal(on) {
    if (on && !this.enabled) return;
    this.stage.toggleAttribute("data-original", on);
    this.badge.hidden = !on;
    this.badge.textContent = on ? "Original" : "";
  }

  /** Where the middle of the part in sight lies on the picture's width. */
  visibleMiddle() {
    const stage = this.stage.getBoundingClientRect();
    const picture = this.picture.getBoundingClientRect();
    const middle = (Math.max(stage.left, picture.left) + Math.min(stage.right, picture.right)) / 2;
    return picture.width ? (middle - picture.left) / picture.width : 0.5;
  }

  listen() {
    const follow = (event) => {
      const box = this.picture.getBoundingClientRect();
      this.setShare((event.clientX - box.left) / box.width);
    };
    this.line.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.line.setPointerCapture(event.pointerId);
    });
    this.line.addEventListener("pointermove", (event) => {
      if (this.line.hasPointerCapture(event.pointerId)) follow(event);
    });
    this.line.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.1 : 0.02;
      const to = {
        ArrowLeft: this.share - step,
        ArrowDown: this.share - step,
        ArrowRight: this.share + step,
        ArrowUp: this.share + step,
        PageDown: this.share - 0.1,
        PageUp: this.share + 0.1,
        Home: 0,
        End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.setShare(to);
    });
    this.hold.addEventListener("pointerdown", (event) => {
      this.hold.setPointerCapture(event.pointerId);
      this.showOriginal(true);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
      this.hold.addEventListener(end, () => this.showOriginal(false));
    }
    this.hold.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.showOriginal(true);
    });
    this.hold.addEventListener("keyup", () => this.showOriginal(false));
    this.hold.addEventListener("contextmenu", (event) => event.preventDefault());
  }
}
