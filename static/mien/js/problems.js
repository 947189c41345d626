// What went wrong, in words: what it is by its code, and what the person can do about it.

import { byId, element, icon } from "./element.js";

const WORDS = {
  photo_empty: ["This file is empty.", "Choose another file, or copy this one again from where it came."],
  photo_unreadable: ["This file cannot be read as a photo.", "It may be damaged, cut short, or another kind of file. Open it in a viewer and save it again as JPEG or PNG."],
  photo_unsupported: ["This kind of file cannot be edited.", "Save it as one still picture, for example JPEG or PNG, and drop that."],
  photo_too_large: ["This photo is too large.", "Save a smaller copy and drop that."],
  photo_too_small: ["This picture is too small to hold a face.", "Choose a larger one."],
  photo_refused: ["This photo cannot be edited.", "Choose another one."],
  video_unreadable: ["This file cannot be read as a video.", "It may be damaged or cut short. Play it, and save it again as MP4."],
  video_too_large: ["This video is too long or too large.", "Cut it into parts, or save it smaller."],
  no_face: ["No face was found in this photo.", "Choose a photo in which a face is seen from the front or half from the side, upright, and not too small."],
  worker_lost: ["The work broke off, more than once.", "Try again, or with a smaller copy of the photo."],
  faces_not_found: ["The faces could not be looked for.", "Reload the page; if that does not help, ask whoever runs Mien here."],
  request_too_large: ["This photo is too large.", "Save a smaller copy and drop that."],
  internal_error: ["Something went wrong on the server.", "Try again; whoever runs Mien here finds the reason in the log."],
  face_unknown: ["That face is not in this photo.", "Choose one of the framed faces."],
  params_invalid: ["A setting is out of its range.", "Put it back to neutral and try again."],
  operation_unknown: ["This operation is not available here.", "Reload the page to see what is."],
  engine_unavailable: ["This machine cannot run that edit.", "Choose another operation, or ask whoever runs Mien here."],
  licence_refused: ["MIEN_COMMERCIAL_ONLY is set here, and the models that this needs are not for commercial use.", "The model 'landmarks' (CC-BY-NC-SA-4.0) finds every face, so with this setting nothing can be edited. Ask whoever runs Mien here."],
  result_refused: ["The model's own safety checker refused the result.", "Try another age, or less strength."],
  weights_unavailable: ["The model for this edit is not installed.", "Ask whoever runs Mien here to install it."],
  not_found: ["This photo is no longer here.", "It was deleted, by hand or when its time was over. Drop it again to go on."],
  not_authenticated: ["You are not signed in.", "Sign in and try again."],
  permission_denied: ["You may not do this.", "Reload the page and try again."],
  throttled: ["Too many requests at once.", "Wait a moment and try again."],
  unreachable: ["The server does not answer.", "Check that Mien is still running; the page goes on as soon as it does."],
  not_a_photo: ["That is not a file.", "Drop one photo from your computer, or choose it."],
};

/** Return [what is wrong, what to do] for a problem or a failed edit. */
export function wordsFor(problem) {
  return WORDS[problem.code] || [problem.detail || problem.message || "That did not work.", "Try again; if it fails again, choose other settings."];
}

/** Show a problem at the top of the page until it is dismissed; the same one is shown once. */
export function showProblem(problem, file = null) {
  const [what, advice] = wordsFor(problem);
  const detail = problem.detail || problem.message || "";
  const place = byId("problems");
  for (const shown of place.querySelectorAll(`[data-code="${CSS.escape(problem.code || "failed")}"]`)) shown.remove();
  const close = element("button", { class: "tool", type: "button", "aria-label": "Dismiss", on: { click: () => box.remove() } }, icon("close"));
  const box = element(
    "div",
    { class: "problem", role: "alert", data: { code: problem.code || "failed" } },
    icon("warning"),
    element(
      "div",
      {},
      element("strong", { text: file ? `${file}: ${what}` : what }),
      element("p", { class: "problem-advice", text: advice }),
      detail && detail !== what ? element("p", { class: "problem-detail", text: detail }) : null,
    ),
    close,
  );
  place.append(box);
  while (place.children.length > 3) place.firstElementChild.remove();
}

export function clearProblems() {
  byId("problems").replaceChildren();
}
