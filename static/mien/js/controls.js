// The form of one operation, made from the JSON schema of its params.

import { byId, element, icon } from "./element.js";
import { makeSlider } from "./slider.js";

/** Follow a $ref, an allOf of one, or an "or null" to the schema that says something. */
function resolve(schema, definitions) {
  let found = schema;
  const inner = schema.$ref ? schema : schema.allOf?.[0] || schema.anyOf?.find((one) => one.type !== "null");
  if (inner?.$ref) found = { ...definitions[inner.$ref.split("/").pop()], ...schema };
  else if (inner && inner !== schema) found = { ...inner, ...schema };
  return found;
}

function spoken(value) {
  const words = String(value).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function makeChoice(name, schema, onChange) {
  const values = schema.enum || [schema.const];
  const labels = schema.labels || {};
  const inputs = values.map((value) => element("input", { class: "visually-hidden", type: "radio", name, value, on: { change: onChange } }));
  const root = element(
    "fieldset",
    { class: "choice" },
    element("legend", { text: schema.title || spoken(name) }),
    element("div", { class: "choice-row" }, ...inputs.map((input, at) => element("label", {}, input, element("span", { text: labels[values[at]] || spoken(values[at]) })))),
  );
  const set = (value) => inputs.forEach((input, at) => (input.checked = values[at] === (value ?? schema.default)));
  set(schema.default);
  const get = () => values[inputs.findIndex((input) => input.checked)] ?? schema.default;
  /** Offer only some of the values; the chosen one gives way if it is none of them. */
  const offer = (some) => {
    inputs.forEach((input, at) => (input.parentElement.hidden = !some.includes(values[at])));
    if (!some.includes(get())) set(some[0]);
  };
  return { root, set, get, offer };
}

function makeColor(name, schema, onChange) {
  const id = `param-${name}`;
  const input = element("input", { type: "color", id, name, on: { change: onChange } });
  const root = element("div", { class: "field color-field", title: schema.description }, element("label", { for: id, text: schema.title || spoken(name) }), input);
  const set = (value) => (input.value = value ?? schema.default);
  set(schema.default);
  return { root, set, get: () => input.value };
}

function makeSwitch(name, schema, onChange) {
  const input = element("input", { type: "checkbox", role: "switch", name, on: { change: onChange } });
  const root = element("label", { class: "switch field", title: schema.description }, input, element("span", { class: "switch-track" }), element("span", { text: schema.title || spoken(name) }));
  const set = (value) => (input.checked = value ?? schema.default ?? false);
  set(schema.default);
  return { root, set, get: () => input.checked };
}

function makeText(name, schema, onChange) {
  const id = `param-${name}`;
  const secret = schema.format === "password";
  const input = element("input", { type: secret ? "password" : "text", autocomplete: "off", id, name, on: { change: onChange } });
  const root = element("div", { class: "field", title: schema.description }, element("label", { for: id, text: schema.title || spoken(name) }), input);
  const set = (value) => (input.value = value ?? schema.default ?? "");
  set(schema.default);
  return { root, set, get: () => input.value || (schema.default ?? "") };
}

export class Controls {
  /**
   * `onInput` hears every change as it is made, `onRelease` when a movement ends, `onStrip` that
   * several values of one setting are wanted: its name and the values. `brush` paints a mask where
   * a setting asks for one.
   */
  constructor(onInput, onRelease, onStrip, brush) {
    this.brush = brush;
    this.form = byId("controls");
    this.onInput = onInput;
    this.onRelease = onRelease;
    this.onStrip = onStrip;
    this.controls = new Map();
    this.form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Show the controls of `operation`, all at their defaults. */
  open(operation) {
    const schema = operation.params;
    this.controls.clear();
    this.defaults = {};
    this.presets = null;
    this.fields = new Map();
    this.body = element("fieldset", { class: "choice" });
    let group = null;
    for (const [name, raw] of Object.entries(schema.properties || {})) {
      const field = resolve(raw, schema.$defs || {});
      if (field.hidden) continue;
      if (field.group && field.group !== group) {
        group = field.group;
        this.body.append(element("h3", { class: "group-title", text: spoken(group) }));
      }
      const control = this.make(name, field);
      this.defaults[name] = field.default ?? control.get();
      this.controls.set(name, control);
      this.fields.set(name, field);
      if (field.presets) this.presets = { name, values: field.presets };
      this.body.append(control.root);
      if (field.brush) this.body.append(this.brush.root);
      if (field.strip) this.body.append(this.stripButton(name, field));
    }
    this.form.replaceChildren(this.body);
    this.fit();
  }

  /** Show what belongs together: choices that hang on another, settings that matter now, the brush. */
  fit() {
    let painting = false;
    for (const [name, field] of this.fields) {
      const control = this.controls.get(name);
      for (const [other, known] of Object.entries(field.by || {})) control.offer(Object.keys(known[this.controls.get(other).get()]));
      const wanted = Object.entries(field.when || {});
      if (wanted.length) control.root.hidden = !wanted.every(([other, values]) => values.includes(this.controls.get(other).get()));
      if (field.brush) painting = control.get() === field.brush;
    }
    this.brush.show(painting);
  }

  /** Whether what the settings need is there: a mask, where one is to be painted. */
  ready() {
    return !this.brush.shown || this.brush.painted;
  }

  make(name, field) {
    const changed = () => {
      this.fit();
      this.showGhosts();
      this.onInput();
      this.onRelease();
    };
    if (field.enum || field.const !== undefined) return makeChoice(name, field, changed);
    if (field.type === "boolean") return makeSwitch(name, field, changed);
    if (field.type === "number" || field.type === "integer") return makeSlider(name, field, this.onInput, this.onRelease);
    if (field.format === "color") return makeColor(name, field, changed);
    return makeText(name, field, changed);
  }

  stripButton(name, field) {
    const words = `Strip: ${field.strip[0]} to ${field.strip.at(-1)}`;
    const button = element("button", { class: "button small", type: "button", data: { action: "strip" }, title: `${field.strip.join(", ")} ${field.unit || ""}` }, icon("film"), element("span", { text: words }));
    button.addEventListener("click", () => this.onStrip(name, field.strip));
    return element("div", { class: "field strip-field" }, button);
  }

  enable(on) {
    if (this.body) this.body.disabled = !on;
  }

  values() {
    return Object.fromEntries([...this.controls].map(([name, control]) => [name, control.get()]));
  }

  /** Set the controls; what `params` does not name goes to its default. */
  set(params = {}) {
    for (const [name, control] of this.controls) {
      // Of several values the filmstrip shows one; the control keeps what it has.
      if (!Array.isArray(params[name])) control.set(params[name] ?? this.defaults[name]);
    }
    this.fit();
    this.showGhosts();
    this.clearProblems();
  }

  isDefault() {
    return Object.entries(this.values()).every(([name, value]) => value === this.defaults[name]);
  }

  /** Whether the defaults ask for no change, so that there is nothing to apply until one is moved. */
  restsNeutral() {
    return Object.values(this.defaults).every((value) => [0, "none", "", false].includes(value));
  }

  /** A preset fills in the numbers that were left alone; show where it puts them. */
  showGhosts() {
    if (!this.presets) return;
    const filled = this.presets.values[this.controls.get(this.presets.name).get()] || {};
    for (const [name, control] of this.controls) control.ghost?.(filled[name] ?? null);
  }

  /** Say the reasons of a refusal at the controls they are about. */
  showProblems(fields) {
    this.clearProblems();
    for (const [name, reasons] of Object.entries(fields || {})) {
      const control = this.controls.get(name);
      control?.root.append(element("p", { class: "field-problem", text: [reasons].flat().join(" ") }));
    }
  }

  clearProblems() {
    for (const shown of this.form.querySelectorAll(".field-problem")) shown.remove();
  }
}
