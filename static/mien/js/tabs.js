// One tab for each operation that the server offers.

import { byId, element } from "./element.js";

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
          data: { operation: operation.name },
          on: { click: () => this.choose(operation.name) },
        }),
      ),
    );
    if (operations.length) this.choose(operations[0].name);
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
