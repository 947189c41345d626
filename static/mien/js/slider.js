// One number of an operation as a slider: it rests at its neutral value, a double click returns there.

import { element } from "./element.js";

let made = 0;

/** A number for people: +0.50 where both signs occur, plain otherwise. */
export function showNumber(value, step = 0.05, signed = true) {
  const digits = Number.isInteger(step) ? 0 : 2;
  const text = Math.abs(value).toFixed(digits);
  if (!signed || Number(text) === 0) return value < 0 && Number(text) !== 0 ? `−${text}` : text;
  return (value < 0 ? "−" : "+") + text;
}

/**
 * Return {root, get, set, ghost} for the JSON schema of one number.
 *
 * `onInput` hears every movement, `onRelease` the end of one.
 */
export function makeSlider(name, schema, onInput, onRelease) {
  const min = schema.minimum ?? 0;
  const max = schema.maximum ?? 100;
  const whole = schema.type === "integer";
  const step = schema.step ?? (whole ? 1 : 0.05);
  const neutral = schema.default ?? min;
  const signed = min < 0;
  // Where the default is not "no change", nothing pulls the thumb there.
  const rests = schema.unit === undefined;
  const show = (value) => showNumber(value, step, signed) + (schema.unit ? ` ${schema.unit}` : "");
  const title = schema.title || name;
  const id = `param-${name}-${(made += 1)}`;

  // The thumb's middle stays half a thumb inside the track, so the marks have to as well.
  const along = (value) => `calc(9px + (100% - 18px) * ${(value - min) / (max - min)})`;
  const fill = element("span", { class: "range-fill" });
  const zero = element("span", { class: "range-zero" });
  const ghost = element("span", { class: "range-ghost", hidden: true });
  const input = element("input", { type: "range", id, name, min, max, step, "aria-describedby": schema.description ? `${id}-hint` : null });
  const output = element("output", { for: id });
  zero.style.setProperty("--zero", along(neutral));

  let preset = null;

  function render() {
    const value = Number(input.value);
    const at = preset !== null && value === neutral ? preset : value;
    fill.style.setProperty("--from", along(rests ? Math.min(neutral, at) : min));
    fill.style.setProperty("--to", along(rests ? Math.max(neutral, at) : at));
    ghost.hidden = at === value;
    ghost.style.setProperty("--ghost", along(at));
    output.textContent = show(at);
    input.setAttribute("aria-valuetext", show(at));
    root.toggleAttribute("data-changed", at !== neutral);
  }

  function set(value) {
    input.value = value ?? neutral;
    render();
  }

  input.addEventListener("input", () => {
    // The detent: close to neutral is neutral, for hands; a key press moves exactly one step.
    const value = Number(input.value);
    if (rests && byHand && Math.abs(value - neutral) < (max - min) * 0.03) input.value = neutral;
    render();
    onInput();
  });
  let byHand = false;
  input.addEventListener("pointerdown", () => (byHand = true));
  input.addEventListener("keydown", () => (byHand = false));
  input.addEventListener("change", onRelease);

  const root = element(
    "div",
    {
      class: "slider",
      title: `${schema.description || title} Double-click for ${rests ? "neutral" : show(neutral)}.`,
      on: {
        dblclick: () => {
          set(neutral);
          onInput();
          onRelease();
        },
      },
    },
    element("label", { for: id, text: title }),
    element("span", { class: "hint", id: `${id}-hint`, text: schema.description || "" }),
    output,
    element("span", { class: "range-wrap" }, element("span", { class: "range-track" }), fill, zero, input, ghost),
  );
  set(neutral);

  return {
    root,
    get: () => Number(input.value),
    set,
    /** Show where a preset puts this number while the person leaves it neutral; null for nowhere. */
    ghost(value) {
      preset = value ?? null;
      render();
    },
  };
}
