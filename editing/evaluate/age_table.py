"""The numbers that the issue wants of age: over all, per target and per group, the worst named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from editing.evaluate.age import OWN, TARGETS, AgeEdit, AgeEvaluation, AgeSource
from editing.operations.age import age_label

SOURCES = (20.0, 60.0)  # years, as read before the edit, of those who count for the headline
NEAR = 30.0  # years between the face and the target within which the person shall be known
KNOWN = 0.5  # dlib distance
ALIKE = 0.97  # SSIM at the person's own age
OLD = 60.0  # targets from which sharpness counts
SHARP = (0.9, 1.4)  # how sharp old skin may be, as a ratio to what it was
GRID = tuple(age_label(age) for age in TARGETS)

Numbers = dict[str, float | int | None]

# What is told of every set of edits, and how; "unmeasured" where nobody read it.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("error", "error to the target, judge", "{:.1f}"),
    ("unedited_error", "its error on unedited faces of that age", "{:.1f}"),
    ("bias", "bias, judge", "{:+.1f}"),
    ("fair_error", "error, judge's own bias taken out", "{:.1f}"),
    ("second_error", "error, second reader", "{:.1f}"),
    ("second_bias", "bias, second", "{:+.1f}"),
    ("identity", f"distance < {KNOWN} within {NEAR:.0f} years", "{:.1%}"),
    ("gender", "gender kept", "{:.1%}"),
    ("smile", "smile kept", "{:.1%}"),
    ("sharpness", f"sharpness from {OLD:.0f}", "{:.2f}"),
    ("sharp", f"of them {SHARP[0]} to {SHARP[1]}", "{:.1%}"),
    ("outside", "outside, levels", "{:.0f}"),
    ("edits", "edits", "{:d}"),
)


def summarize_edits(edits: Sequence[AgeEdit]) -> Numbers:
    """Return the numbers of a set of edits; None where nothing was read."""
    near = [e for e in edits if abs(e.target - e.source.read) <= NEAR]
    old = [e for e in edits if e.target >= OLD]
    off = [e.read - e.target for e in edits if e.read is not None]
    second_off = [e.second - e.target for e in edits if e.second is not None]
    outside = [e.outside for e in edits if e.outside is not None]
    return {
        "error": _mean(abs(one) for one in off),
        "unedited_error": _mean(e.unedited_error for e in edits),
        "bias": _mean(off),
        "fair_error": _mean(
            abs(e.read - e.usual) for e in edits if e.read is not None and e.usual is not None
        ),
        "second_error": _mean(abs(one) for one in second_off),
        "second_bias": _mean(second_off),
        "identity": _mean(e.identity < KNOWN for e in near if e.identity is not None),
        "gender": _mean(e.gender_kept for e in edits if e.gender_kept is not None),
        "smile": _mean(e.smile_kept for e in edits),
        "sharpness": _mean(e.sharpness for e in old if e.sharpness is not None),
        "sharp": _mean(SHARP[0] <= e.sharpness <= SHARP[1] for e in old if e.sharpness is not None),
        "outside": max(outside, default=None),
        "edits": len(edits),
    }


def headline_edits(evaluation: AgeEvaluation) -> list[AgeEdit]:
    """Return the edits of the grid on people set aside who were read as 20 to 60 before."""
    return [e for e in evaluation.edits if e.label in GRID and is_headline(e.source)]


def is_headline(source: AgeSource) -> bool:
    return source.person.counts and SOURCES[0] <= source.read <= SOURCES[1]


def group_edits(edits: Sequence[AgeEdit]) -> dict[str, dict[str, Numbers]]:
    """Return the numbers per gender, third of skin tone, and age before."""
    tones = [e.source.tone for e in edits if e.source.tone is not None]
    low, high = np.percentile(tones, [100 / 3, 200 / 3]) if tones else (0.0, 0.0)

    def gender(source: AgeSource) -> str:
        return source.person.gender or ("read as male" if source.male > 0.5 else "read as female")

    def tone(source: AgeSource) -> str:
        if source.tone is None:
            return "unmeasured"
        return "darkest" if source.tone <= low else "middle" if source.tone <= high else "lightest"

    def decade(source: AgeSource) -> str:
        start = min(int(source.read // 10) * 10, 50)
        return f"{start} to {start + 10}"

    kinds: dict[str, Callable[[AgeSource], str]] = {
        "gender": gender,
        "skin tone": tone,
        "age before": decade,
    }
    return {
        name: {
            group: summarize_edits([e for e in edits if told(e.source) == group])
            for group in sorted({told(e.source) for e in edits})
        }
        for name, told in kinds.items()
    }


def worst_groups(groups: dict[str, dict[str, Numbers]]) -> dict[str, dict[str, Any]]:
    """Return, for error, identity and gender kept, the group that does worst among all."""
    every = [
        (f"{kind}: {name}", told) for kind, its in groups.items() for name, told in its.items()
    ]
    worst = {}
    for number, sign in (("error", 1), ("identity", -1), ("gender", -1), ("smile", -1)):
        known = [(told[number], name) for name, told in every if told[number] is not None]
        if known:
            value, name = max(known, key=lambda one: sign * float(one[0] or 0))
            worst[number] = {"group": name, "value": value}
    return worst


def own_age(evaluation: AgeEvaluation) -> Numbers:
    """Return how nearly identical faces stay that are asked to show their own age."""
    alike = [
        e.ssim
        for e in evaluation.edits
        if e.label == OWN and is_headline(e.source) and e.ssim is not None
    ]
    return {
        "ssim_mean": _mean(alike),
        "ssim_worst": min(alike, default=None),
        "share_alike": _mean(one >= ALIKE for one in alike),
        "edits": len(alike),
    }


def estimator_errors(sources: Iterable[AgeSource]) -> Numbers:
    """Return how far the readers are off on unedited faces whose age is known."""
    known = [one for one in sources if one.person.counts and one.person.age is not None]
    return {
        "judge": _mean(abs(one.read - float(one.person.age or 0)) for one in known),
        "second": _mean(
            abs(one.second - float(one.person.age or 0)) for one in known if one.second is not None
        ),
        "faces": len(known),
    }


def to_json(evaluation: AgeEvaluation) -> str:
    """Return the whole evaluation as JSON."""
    told = _tables(evaluation)
    told |= {
        "operation": "age",
        "engine": evaluation.engine,
        "folder": evaluation.folder,
        "photos": evaluation.photos,
        "seconds": round(evaluation.seconds, 1),
        "second_reader_left_out_error": evaluation.second_error,
        "rows": [asdict(edit) for edit in evaluation.edits],
        "failures": [asdict(failure) for failure in evaluation.failures],
    }
    return json.dumps(told, indent=1, allow_nan=False) + "\n"


def to_markdown(evaluation: AgeEvaluation) -> str:
    """Return the evaluation as a page of tables."""
    told = _tables(evaluation)
    people, readers, own, times = (told[k] for k in ("people", "readers", "own_age", "times"))
    lines = [
        f"# age: {evaluation.photos} photos of {evaluation.folder}",
        "",
        f"Engine {evaluation.engine}, {evaluation.seconds:.0f} s, {len(evaluation.failures)} failures."
        f" For the headline count {people['headline']} of {people['sources']} faces: people that no"
        f" weights learned from, read as {SOURCES[0]:.0f} to {SOURCES[1]:.0f} before. Errors are mean"
        " absolute errors in years.",
        "",
        "## Readers on unedited faces of known age",
        "",
        f"Judge {_cell(readers['judge'], '{:.1f}')}, second reader"
        f" {_cell(readers['second'], '{:.1f}')} years, {readers['faces']} faces; the second reader on"
        f" the people it learned from, left out in turn:"
        f" {_cell(evaluation.second_error, '{:.1f}')}.",
        "",
        "## Targets 20 to 70",
        "",
        *_table("target", {"all": told["headline"], **told["targets"]}),
        "",
        f"## To the person's own age ({own['edits']} edits)",
        "",
        f"SSIM of the face {_cell(own['ssim_mean'], '{:.3f}')} in the mean,"
        f" {_cell(own['ssim_worst'], '{:.3f}')} at worst; at least {ALIKE} for"
        f" {_cell(own['share_alike'], '{:.1%}')}.",
        "",
        "## Time, measures included",
        "",
        f"One age {_cell(times['one_age'], '{:.2f}')} s, eight ages"
        f" {_cell(times['eight_ages'], '{:.2f}')} s ({times['timed']} faces, medians).",
    ]
    for kind, groups in told["groups"].items():
        lines += ["", f"## By {kind}", "", *_table(kind, groups)]
    lines += ["", "## Worst groups", ""]
    lines += [
        f"- {number}: {one['group']} ({one['value']:.3g})" for number, one in told["worst"].items()
    ]
    if evaluation.failures:
        lines += ["", "## Failures", ""]
        lines += [f"- {one.photo}: {one.code}, {one.message}" for one in evaluation.failures]
    return "\n".join(lines) + "\n"


def _tables(evaluation: AgeEvaluation) -> dict[str, Any]:
    edits = headline_edits(evaluation)
    groups = group_edits(edits)
    one, eight = evaluation.one_age_seconds, evaluation.eight_ages_seconds
    return {
        "people": {
            "sources": len(evaluation.sources),
            "headline": sum(is_headline(source) for source in evaluation.sources),
        },
        "readers": estimator_errors(evaluation.sources),
        "headline": summarize_edits(edits),
        "targets": {age: summarize_edits([e for e in edits if e.label == age]) for age in GRID},
        "own_age": own_age(evaluation),
        "times": {
            "one_age": float(np.median(one)) if one else None,
            "eight_ages": float(np.median(eight)) if eight else None,
            "timed": len(one),
        },
        "groups": groups,
        "worst": worst_groups(groups),
    }


def _table(name: str, rows: dict[str, Numbers]) -> list[str]:
    lines = [
        f"| {name} | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
    ]
    for label, numbers in rows.items():
        cells = " | ".join(_cell(numbers[key], form) for key, _, form in COLUMNS)
        lines.append(f"| {label} | {cells} |")
    return lines


def _cell(value: float | int | None, form: str) -> str:
    return "unmeasured" if value is None else form.format(value)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(one) for one in values if one is not None]
    return float(np.mean(known)) if known else None
