// What is known of the shown step: its download, its report, its one-line verdict.

import { addresses, api } from "./api.js";
import { byId, element, icon } from "./element.js";
import { showIdPhoto } from "./id_photo.js";
import { showReport, verdict } from "./measures.js";

export class Results {
  constructor() {
    this.section = byId("measures");
    this.body = byId("measures-body");
    this.line = byId("verdict");
    this.download = byId("download");
    this.reports = new Map();
    this.weights = new Map();
  }

  /** Learn what the operations declare of the weights they use. */
  open(operations) {
    for (const { engines = [] } of operations) {
      for (const { weights = [] } of engines) {
        for (const weight of weights) if (weight.name) this.weights.set(weight.name, weight);
      }
    }
  }

  /** Take a report that came with the event, which saves asking for it. */
  know(id, report) {
    if (report?.faces) this.reports.set(id, report);
  }

  /** Tell about a finished edit, or the one of its several results that has that label; null is the original, of which there is nothing to tell. */
  async show(edit, label = null) {
    const shown = (this.shown = edit ? `${edit.id} ${label}` : null);
    this.offer(edit, label);
    if (!edit) return this.clear();
    let report = this.reports.get(edit.id);
    try {
      report ??= await api.report(edit.id);
    } catch {
      report = null;
    }
    if (this.shown !== shown) return;
    if (!report) return this.clear();
    this.reports.set(edit.id, report);
    const one = report.variants?.find((variant) => variant.label === label);
    report = one ? { ...report, faces: one.faces, seed: one.seed } : report;
    this.body.replaceChildren(...showIdPhoto(edit, report), ...showReport(report, this.weights), this.links(edit, label));
    this.section.hidden = false;
    const { tone, text, seconds } = verdict(report);
    this.line.dataset.tone = tone;
    this.line.replaceChildren(icon(tone === "good" ? "check" : "warning"), element("span", { text }), element("span", { class: "wide-only verdict-time", text: seconds }));
    this.line.hidden = false;
  }

  clear() {
    this.section.hidden = true;
    this.line.hidden = true;
    this.body.replaceChildren();
  }

  offer(edit, label) {
    this.download.setAttribute("aria-disabled", !edit);
    if (edit) {
      this.download.href = this.address(edit, label);
    } else this.download.removeAttribute("href");
  }

  address(edit, label) {
    return label === null ? addresses.download(edit.id) : addresses.oneDownload(edit.id, label);
  }

  links(edit, label) {
    return element(
      "p",
      { class: "result-links" },
      element("a", { class: "button small", href: this.address(edit, label) }, icon("download"), element("span", { text: "Picture" })),
      element("a", { class: "button small", href: addresses.report(edit.id), download: `mien-report-${edit.id}.json` }, icon("download"), element("span", { text: "Report (JSON)" })),
    );
  }
}
