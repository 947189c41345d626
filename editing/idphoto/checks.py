"""Whether a photo is fit for a passport, point by point, each with what was measured."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.face import Pose
from editing.idphoto.crop import Cut
from editing.idphoto.sizes import Size
from editing.measure.head import HeadReading
from editing.report import CheckReport

# 90 pixels between the eyes is what ICAO's portraits aim at (photogov.app on Doc 9303). The other
# limits are our own. Of the 68 neutral studio portraits of ``london`` in folds 2 to 9, 98 % pass those
# of yaw, roll, eyes, mouth and light; pitch is stricter, for readings of 9 degrees are 1 in 20.
MOST_YAW, MOST_PITCH, MOST_ROLL = 5.0, 8.0, 3.0
FEWEST_PIXELS = 90  # between the eyes, in the photo
MOST_OPEN, LEAST_EYES = 0.05, 0.095  # distances between the irises
MOST_UNEVEN = 0.27
MOST_CAST = 0.25  # natural logarithm; 98 % of those portraits are below 0.2
MOST_BESIDE = 2.0  # mm
ROUGHEST = 8.0  # of 255 levels


def checks(
    size: Size, cut: Cut, head: HeadReading, eye_distance: float, background: float | None
) -> list[CheckReport]:
    """Return every demand.

    Args:
        size: what is wanted.
        cut: what was cut out.
        head: what is read of the face in the photo.
        eye_distance: pixels of the photo between the irises.
        background: how rough it is, levels; None where there is none to be seen.
    """
    pose: Pose = head.pose
    units = head.expression
    missing = 100 * float(1 - cut.inside.mean())
    eyes = (
        [_between("eye_line", "Eyes above the lower edge, mm", cut.eyes, *size.eyes)]
        if size.eyes
        else []
    )
    return [
        _between("head_height", "Height of the head, mm", cut.head, *size.head),
        *eyes,
        _most("centred", "Face beside the middle, mm", cut.aside, MOST_BESIDE),
        _most("yaw", "Turned to the side, degrees", abs(pose.yaw), MOST_YAW),
        _most("pitch", "Turned up or down, degrees", abs(pose.pitch), MOST_PITCH),
        _most("eyes_level", "Eyes level, degrees", abs(pose.roll), MOST_ROLL),
        _least("eyes_open", "Eyes open", units["eyes_open"], LEAST_EYES),
        _most("mouth_closed", "Mouth closed", units["mouth_open"], MOST_OPEN),
        _most("light_even", "Light, left against right", head.light_asymmetry, MOST_UNEVEN),
        _most("neutral_colour", "Colour cast of the light", head.cast, MOST_CAST),
        _most("background_plain", "Unrest of the background, levels", background, ROUGHEST),
        _least("resolution", "Pixels between the eyes", eye_distance, FEWEST_PIXELS),
        _most("inside_photo", "Of the picture beyond the photo, %", missing, 0.5),
    ]


def unrest(pixels: NDArray[np.uint8], person: NDArray[np.float32]) -> float | None:
    """Return the standard deviation of what is behind the person, levels; None where nothing is."""
    side = max(3, pixels.shape[0] // 60) | 1
    behind = cv2.dilate((person > 0.02).astype(np.uint8), np.ones((side, side), np.uint8)) == 0
    if behind.mean() < 0.02:
        return None
    return float(pixels[behind].astype(np.float32).std(axis=0).mean())


def _between(name: str, title: str, value: float, low: float, high: float) -> CheckReport:
    return _check(name, title, value, f"{low:g} to {high:g}", low - 0.05 <= value <= high + 0.05)


def _most(name: str, title: str, value: float | None, most: float) -> CheckReport:
    return _check(name, title, value, f"at most {most:g}", value is not None and value <= most)


def _least(name: str, title: str, value: float | None, least: float) -> CheckReport:
    return _check(name, title, value, f"at least {least:g}", value is not None and value >= least)


def _check(name: str, title: str, value: float | None, limit: str, passed: bool) -> CheckReport:
    shown = None if value is None else round(value, 2) + 0.0  # no -0
    return CheckReport(name=name, title=title, value=shown, limit=limit, passed=passed)
