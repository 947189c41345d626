// The REST API: the only module that knows its addresses.

const ROOT = "/api/v1/";

/** An answer that was not a success: RFC 9457 problem details, with the API's `code`. */
export class Problem extends Error {
  constructor(body, status = 0) {
    super(body.detail || body.title || "The request failed.");
    this.code = body.code || (status === 404 ? "not_found" : "failed");
    this.status = status;
    this.detail = body.detail || "";
    this.fields = body.fields || body.errors || {};
  }
}

export const addresses = {
  photos: () => `${ROOT}photos/`,
  photo: (id) => `${ROOT}photos/${id}/`,
  // For the screen: sRGB, at most 2048 pixels a side. `file` and `result` are in full.
  picture: (photo) => photo.picture,
  thumbnail: (photo) => photo.thumbnail,
  file: (photo) => `${ROOT}photos/${photo.id}/file/`,
  operations: () => `${ROOT}operations/`,
  edits: () => `${ROOT}edits/`,
  edit: (id) => `${ROOT}edits/${id}/`,
  editPicture: (id) => `${ROOT}edits/${id}/picture/`,
  download: (id) => `${ROOT}edits/${id}/result/?download`,
  result: (id) => `${ROOT}edits/${id}/result/`,
  onePicture: (id, label) => `${ROOT}edits/${id}/results/${label}/picture/`,
  oneResult: (id, label) => `${ROOT}edits/${id}/results/${label}/`,
  oneDownload: (id, label) => `${ROOT}edits/${id}/results/${label}/?download`,
  report: (id) => `${ROOT}edits/${id}/report/`,
  events: (id, since) => `${ROOT}edits/${id}/events/?since=${since}`,
  batches: () => `${ROOT}batches/`,
  batch: (id) => `${ROOT}batches/${id}/`,
  socket: (id, since) => `/ws/edits/${id}/?since=${since}`,
  batchEvents: (id, since) => `${ROOT}batches/${id}/events/?since=${since}`,
  batchSocket: (id, since) => `/ws/batches/${id}/?since=${since}`,
  /** The page on which a photo, or a video, is worked on. */
  page: (photo) => (photo.video ? `/videos/${photo.id}/` : `/photos/${photo.id}/`),
  inStudio: (photo, edit) => `/photos/${photo}/?edit=${edit}`,
};

export function csrfToken() {
  return document.querySelector("meta[name=csrf-token]").content;
}

/** Return the problem in the text of an answer; one that is not JSON is told by its status. */
export function readProblem(text, status) {
  try {
    return new Problem(JSON.parse(text), status);
  } catch {
    return new Problem({ code: status === 413 ? "photo_too_large" : "failed", detail: `The server answered ${status}.` }, status);
  }
}

async function send(method, address, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined || form ? body : JSON.stringify(body),
    });
  } catch {
    throw new Problem({ code: "unreachable", detail: "The server did not answer." });
  }
  const text = await answer.text();
  if (!answer.ok) throw readProblem(text, answer.status);
  return text ? JSON.parse(text) : null;
}

/** Return every row of a list that comes in pages. */
async function every(address) {
  const rows = [];
  let next = address;
  while (next) {
    const page = await send("GET", next);
    rows.push(...page.results);
    // Behind a proxy the server may not know by which name we came; the path is enough.
    const further = page.next && new URL(page.next, location.href);
    next = further ? further.pathname + further.search : null;
  }
  return rows;
}

/** Return the request as a form that carries the mask, a PNG. */
function withMask(request, mask) {
  const form = new FormData();
  for (const [name, value] of Object.entries(request)) {
    if (value === null) continue;
    form.append(name, name === "params" ? JSON.stringify(value) : String(value));
  }
  form.append("mask", mask, "mask.png");
  return form;
}

export const api = {
  photos: async (most) => (await send("GET", `${addresses.photos()}?limit=${most}`)).results,
  photo: (id) => send("GET", addresses.photo(id)),
  deletePhoto: (id) => send("DELETE", addresses.photo(id)),
  operations: () => send("GET", addresses.operations()),
  editsOf: (photo) => every(`${addresses.edits()}?photo=${photo}&limit=200`),
  edit: (id) => send("GET", addresses.edit(id)),
  startEdit: (request, mask) => send("POST", addresses.edits(), mask ? withMask(request, mask) : request),
  cancelEdit: (id) => send("POST", `${addresses.edit(id)}cancel/`, {}),
  report: (id) => send("GET", addresses.report(id)),
  batches: async (most) => (await send("GET", `${addresses.batches()}?limit=${most}`)).results,
  batch: (id) => send("GET", addresses.batch(id)),
  startBatch: (request) => send("POST", addresses.batches(), request),
  /** `deed` is pause, resume, cancel or retry. */
  tellBatch: (id, deed) => send("POST", `${addresses.batch(id)}${deed}/`, {}),
  /** The first `most` files of a batch; `status` narrows them. */
  items: async (id, most, status) => (await send("GET", `${addresses.batch(id)}items/?limit=${most}${status ? `&status=${status}` : ""}`)).results,
  batchEvents: async (id, since) => (await send("GET", addresses.batchEvents(id, since))).results,
  events: async (id, since) => (await send("GET", addresses.events(id, since))).results,
};
