"""The numbers of an evaluation, per photo and summed up per setting, as JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from editing.evaluate.grids import GOOD, Setting
from editing.evaluate.smile_pairs import Interval
from editing.report import FaceReport

Numbers = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """What one setting did to one photo's face."""

    photo: str
    setting: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo, or one setting on it, that could not be done. ``setting`` is empty for all."""

    photo: str
    setting: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """One person's edited neutral photo against their real smile; PSNR in dB."""

    person: str
    set_aside: bool
    neutral_psnr: float
    edited_psnr: float
    gain: float
    identity_distance: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was found out."""

    operation: str
    engine: str
    folder: str
    photos: int
    seconds: float
    settings: Sequence[Setting]
    rows: Sequence[Row]
    failures: Sequence[Failure]
    pairs: Sequence[PairRow]
    gains: dict[str, Interval]


def flatten(face: FaceReport, seconds: float) -> Numbers:
    """Return a face's measures as one level of numbers, each before and after told as a change."""
    told: Numbers = {}
    for name, value in face.measures.items():
        if isinstance(value, dict) or name.endswith(("_before", "_after")):
            continue
        told[name] = value
    before, after = face.measures.get("expression_before"), face.measures.get("expression_after")
    if isinstance(before, dict) and isinstance(after, dict):
        told |= {f"{unit}_change": after[unit] - before[unit] for unit in before}
    for name in ("age", "yaw", "pitch", "roll", "light_asymmetry"):
        was, now = face.measures.get(f"{name}_before"), face.measures.get(f"{name}_after")
        known = isinstance(was, float) and isinstance(now, float)
        told[f"{name}_change"] = now - was if known else None  # type: ignore[operator]
    told["seconds"] = seconds
    return told


def summarize_setting(setting: Setting, rows: Sequence[Row]) -> dict[str, dict[str, float | str]]:
    """Return mean, median and worst (with its photo) of each number of the setting's rows."""
    mine = [row for row in rows if row.setting == setting.label]
    summary: dict[str, dict[str, float | str]] = {}
    for name in mine[0].numbers if mine else ():
        known = [(v, row.photo) for row in mine if (v := row.numbers[name]) is not None]
        if not known:
            continue
        values = [value for value, _ in known]
        worst, photo = _worst(name, setting, known)
        summary[name] = {
            "mean": float(np.mean(values)),
            "median": float(np.median(values)),
            "worst": worst,
            "worst_photo": photo,
            "count": len(values),
        }
    return summary


def _worst(name: str, setting: Setting, known: list[tuple[float, str]]) -> tuple[float, str]:
    aim = setting.aims.get(name, GOOD.get(name))
    if aim is None:
        return max(known, key=lambda one: abs(one[0]))
    return min(known) if aim == "high" else max(known)


def to_json(evaluation: Evaluation) -> str:
    """Return the whole evaluation as JSON."""
    told: dict[str, Any] = {
        "operation": evaluation.operation,
        "engine": evaluation.engine,
        "folder": evaluation.folder,
        "photos": evaluation.photos,
        "seconds": round(evaluation.seconds, 2),
        "settings": {
            setting.label: {
                "params": setting.params,
                "measures": summarize_setting(setting, evaluation.rows),
            }
            for setting in evaluation.settings
        },
        "rows": [asdict(row) for row in evaluation.rows],
        "failures": [asdict(failure) for failure in evaluation.failures],
    }
    if evaluation.pairs:
        told["smile_pairs"] = {
            "gain": {name: asdict(interval) for name, interval in evaluation.gains.items()},
            "people": [asdict(pair) for pair in evaluation.pairs],
        }
    return json.dumps(told, indent=1, allow_nan=False) + "\n"


def to_markdown(evaluation: Evaluation) -> str:
    """Return the evaluation as a page: a table per measure, failures, the smile pairs."""
    lines = [
        f"# {evaluation.operation}: {evaluation.photos} photos of {evaluation.folder}",
        "",
        f"Engine {evaluation.engine}, {len(evaluation.rows)} edits in {evaluation.seconds:.0f} s,"
        f" {len(evaluation.failures)} failures. Worst is the photo that is farthest from what is"
        " wanted.",
    ]
    summaries = {s.label: summarize_setting(s, evaluation.rows) for s in evaluation.settings}
    names = dict.fromkeys(name for summary in summaries.values() for name in summary)
    for name in names:
        lines += ["", f"## {name}", "", "| setting | mean | median | worst | photo |"]
        lines.append("|---|---:|---:|---:|---|")
        for label, summary in summaries.items():
            if name not in summary:
                continue
            one = summary[name]
            numbers = " | ".join(f"{one[key]:.3f}" for key in ("mean", "median", "worst"))
            lines.append(f"| {label} | {numbers} | {one['worst_photo']} |")
    lines += _pairs_markdown(evaluation)
    lines += _failures_markdown(evaluation.failures)
    return "\n".join(lines) + "\n"


def _pairs_markdown(evaluation: Evaluation) -> list[str]:
    if not evaluation.pairs:
        return []
    lines = [
        "",
        "## smile +1 against the person's own smile",
        "",
        "PSNR inside the face, in dB; the gain is over the neutral photo, with a 95 % interval"
        " from resampling people.",
        "",
        "| people | count | neutral | edited | gain | interval | median | worst |",
        "|---|---:|---:|---:|---:|---|---:|---:|",
    ]
    for name, interval in evaluation.gains.items():
        mine = [p for p in evaluation.pairs if name == "all" or p.set_aside]
        neutral = np.mean([pair.neutral_psnr for pair in mine])
        edited = np.mean([pair.edited_psnr for pair in mine])
        lines.append(
            f"| {name} | {len(mine)} | {neutral:.2f} | {edited:.2f} | {interval.mean:+.2f} |"
            f" {interval.low:+.2f} to {interval.high:+.2f} | {interval.median:+.2f} |"
            f" {interval.worst:+.2f} |"
        )
    return lines


def _failures_markdown(failures: Sequence[Failure]) -> list[str]:
    if not failures:
        return []
    lines = ["", "## failures", "", "| photo | setting | code | reason |", "|---|---|---|---|"]
    for failure in failures:
        reason = failure.message.replace("|", "\\|")
        setting = failure.setting or "all"
        lines.append(f"| {failure.photo} | {setting} | {failure.code} | {reason} |")
    return lines
