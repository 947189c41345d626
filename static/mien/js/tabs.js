// One tab for each operation that the server offers.

import { byId, element } from "./element.js";

/** Say why the operation cannot be used here, if it cannot, and what its weights may be used for. */
function showLicences(operation) {
  const refused = byId("operation-refused");
  refused.hidden = operation.available !== false;
  refused.textContent = operation.available === false ? `Not available: ${operation.reason}.` : "";
  const engines = operation.engines || [];
  const used = engines.find((engine) => engine.available !== false) || engines[0];
  const known = (used?.weights || []).filter((weight) => weight.licence);
  const told = known.map((weight) => `${weight.name} ${weight.licence}`).join(", ");
  const barred = known.some((weight) => weight.commercial_use === false);
  byId("operation-licence").textContent = told ? `Weights: ${told}.${barred ? " Not for commercial use." : ""}` : "";
}

export class Tabs {
  /** `onChoose` hears the operation whose controls shall be shown. */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.row = byId("operation-tabs");
    this.operation = null;
    this.row.addEventListener("keydown", (event) => this.step(event));
  }

  open(operations) {
    this.operations = operations;
    this.operation = null;
    this.row.hidden = operations.length < 2;
    this.row.replaceChildren(
      ...operations.map((operation) =>
        element("button", {
          class: "tab",
          type: "button",
          role: "tab",
          id: `tab-${operation.name}`,
          "aria-controls": "operation",
          text: operation.title || operation.name,
          data: operation.available === false ? { operation: operation.name, unavailable: "" } : { operation: operation.name },
          title: operation.reason || null,
          on: { click: () => this.choose(operation.name) },
        }),
      ),
    );
    const first = operations.find((one) => one.available !== false) || operations[0];
    if (first) this.choose(first.name);
  }

  choose(name) {
    const operation = this.operations.find((one) => one.name === name);
    if (!operation || operation === this.operation) return;
    this.operation = operation;
    for (const tab of this.row.children) {
      const here = tab.dataset.operation === name;
      tab.setAttribute("aria-selected", here);
      tab.tabIndex = here ? 0 : -1;
    }
    byId("operation-title").textContent = operation.title || operation.name;
    byId("operation-summary").textContent = operation.summary || "";
    showLicences(operation);
    this.onChoose(operation);
  }

  step(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const tabs = [...this.row.children];
    const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }
}
