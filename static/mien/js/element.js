// Making elements in one expression, and finding the page's own.

/** Return a new element; `attributes` may hold `text`, `on` ({event: listener}) and `data`. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key === "on") for (const [type, listener] of Object.entries(value)) made.addEventListener(type, listener);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** Return one of the icons of templates/mien/icons.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Return the element with that id, which the templates promise. */
export function byId(id) {
  return document.getElementById(id);
}

/** Return every button of the page that carries `data-action="name"`. */
export function actionButtons(name) {
  return [...document.querySelectorAll(`[data-action="${name}"]`)];
}

/** Say `text` to screen readers without moving the focus. */
export function announce(text) {
  byId("announcer").textContent = text;
}
