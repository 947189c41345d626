// The steps of a photo: every finished edit, which one is shown, and the way back and forth.

import { byId, actionButtons, element } from "./element.js";
import { showNumber } from "./slider.js";

/** Whether a number may be below zero; of a number or a list of them, the number decides. */
function isSigned(schema) {
  const single = schema?.anyOf?.find((one) => one.type === "number" || one.type === "integer");
  return (schema?.minimum ?? single?.minimum ?? -1) < 0;
}

function spokenParams(params, operation) {
  const properties = operation?.params.properties || {};
  const words = [];
  for (const [name, value] of Object.entries(params || {})) {
    const { title = name, labels = {}, default: neutral } = properties[name] || {};
    if (value === neutral || value === null) continue;
    if (Array.isArray(value)) words.push(`${title} ${value.join(", ")}`);
    else if (typeof value === "number") words.push(`${title} ${showNumber(value, Number.isInteger(value) && Math.abs(value) > 1 ? 1 : 0.05, isSigned(properties[name]))}`);
    else if (typeof value === "boolean") words.push(value ? title : `no ${title}`);
    else {
      const label = labels[value];
      // A country alone says nothing.
      if (label && neutral === "none") words.push(`${title}: ${label}`);
      else words.push(label || String(value).charAt(0).toUpperCase() + String(value).slice(1));
    }
  }
  return words.join(", ");
}

// Live sliders leave many edits behind; those that a next one replaced so soon are one step.
const ONE_MOVEMENT_MS = 3000;

/** Whether `later` only carried on what `edit` began: same base, operation and faces, soon after. */
function continues(edit, later) {
  const kind = (one) => JSON.stringify([one.parent ?? null, one.operation, one.faces]);
  const apart = new Date(later.created) - new Date(edit.created);
  return kind(edit) === kind(later) && apart >= 0 && apart < ONE_MOVEMENT_MS;
}

export class Steps {
  /** `onGo` hears the id of the step that is asked for; null is the original. */
  constructor(onGo) {
    this.onGo = onGo;
    this.list = byId("steps");
    this.open([], []);
    for (const button of actionButtons("undo")) button.addEventListener("click", () => this.undo());
    for (const button of actionButtons("redo")) button.addEventListener("click", () => this.redo());
  }

  /** Start with the finished edits of a photo, oldest first, standing at the original. */
  open(edits, operations) {
    this.edits = new Map(edits.map((edit) => [edit.id, edit]));
    this.operations = new Map(operations.map((operation) => [operation.name, operation]));
    this.current = null;
    this.back = [];
    this.forth = [];
    this.render();
  }

  get edit() {
    return this.edits.get(this.current) || null;
  }

  /** Stand at a step after a reload: those before it can be undone, those after it redone. */
  restore(id) {
    this.current = id;
    const order = [null, ...this.visible().map((edit) => edit.id)];
    const at = order.indexOf(id);
    this.back = order.slice(0, at);
    this.forth = order.slice(at + 1).reverse();
    this.render();
  }

  /** Add a finished edit and stand there. */
  add(edit) {
    const before = this.edit;
    this.edits.set(edit.id, edit);
    if (before && continues(before, edit)) {
      this.forth = [];
      this.current = edit.id;
      this.render();
    } else this.goTo(edit.id);
  }

  /** Stand at a step that a person chose; the way there can be undone. */
  goTo(id) {
    if (id === this.current) return this.render();
    this.back.push(this.current);
    this.forth = [];
    this.current = id;
    this.render();
  }

  undo() {
    if (!this.back.length) return;
    this.forth.push(this.current);
    this.current = this.back.pop();
    this.render();
    this.onGo(this.current);
  }

  redo() {
    if (!this.forth.length) return;
    this.back.push(this.current);
    this.current = this.forth.pop();
    this.render();
    this.onGo(this.current);
  }

  /** The edits that are steps: not those in the middle of a movement, unless they are needed. */
  visible() {
    const edits = [...this.edits.values()];
    const bases = new Set(edits.map((edit) => edit.parent));
    return edits.filter((edit, at) => edit.id === this.current || bases.has(edit.id) || !edits[at + 1] || !continues(edit, edits[at + 1]));
  }

  label(edit) {
    const operation = this.operations.get(edit.operation);
    return spokenParams(edit.params, operation) || `${operation?.title || edit.operation}, neutral`;
  }

  where(edit) {
    if (edit.faces === "all") return "all faces";
    const faces = Array.isArray(edit.faces) ? edit.faces : [0];
    return `${faces.length > 1 ? "faces" : "face"} ${faces.map((index) => index + 1).join(", ")}`;
  }

  /** The ids from the original to `id` along the parents: what is in the picture now. */
  chain(id) {
    const ids = [];
    for (let at = id; at && !ids.includes(at); at = this.edits.get(at)?.parent) ids.unshift(at);
    return ids;
  }

  render() {
    for (const button of actionButtons("undo")) button.disabled = !this.back.length;
    for (const button of actionButtons("redo")) button.disabled = !this.forth.length;
    const within = new Set(this.chain(this.current));
    const steps = this.visible();
    const numbers = new Map(steps.map((edit, at) => [edit.id, at + 1]));
    const rows = steps.reverse().map((edit) => {
      const under = edit.parent && numbers.has(edit.parent) ? `on ${numbers.get(edit.parent)} · ` : "";
      return this.row(edit.id, numbers.get(edit.id), this.label(edit), under + this.where(edit), within);
    });
    this.list.replaceChildren(...rows, this.row(null, 0, "Original", "", within));
  }

  row(id, number, words, where, within) {
    const here = id === this.current;
    const step = element(
      "button",
      {
        class: "step",
        type: "button",
        "aria-current": here ? "step" : null,
        data: within.has(id) || id === null ? { within: "" } : {},
        title: words,
        on: {
          click: () => {
            this.goTo(id);
            this.onGo(id);
          },
        },
      },
      element("span", { class: "step-number", text: number }),
      element("span", { class: "step-words", text: words }),
      element("span", { class: "step-where", text: where }),
    );
    return element("li", {}, step);
  }
}
