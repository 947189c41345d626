"""A grey face, or one in near infrared, in the colours that a normal photo would likely have.

The Gaussian of faces (``face_prior``) is told the face's brightness and asked for its colours, as Duan et
al. ask a network ("EGCH: Exemplar Guided Cross-Spectral Face Hallucination", CVIU 2021); an exemplar, here a
skin's colour, sets the tone. Near infrared shows skin brighter and lips paler than light that we
see, so its colours are a guess: experimental.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from editing.engines.native.fill import face_prior, lay
from editing.engines.native.recolour import color_of, from_lab, to_lab
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.blur import blurred
from editing.faces.canonical import canonical_face
from editing.faces.light import brightness
from editing.faces.maps import look_up, places
from editing.faces.regions import fitted_to, head_regions
from editing.models import ModelStore
from editing.networks.fill import FILL_MAP, PRIOR_MAP

WORK = 512
TOLERANCE = 4.0  # how much less than a colour photo's the brightness of a grey one is believed
# Skins that may be asked for: only their hue and chroma are taken.
SKINS = {
    "fair": "#f0cdb8", "light": "#e0b296", "medium": "#c99574", "tan": "#a9754f", "brown": "#7d5136",
    "dark": "#4d3124",
}  # fmt: skip

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


def coloured(
    picture: FloatMap, frame: FaceFrame, landmarks: Points, skin: str, models: ModelStore
) -> tuple[FloatMap, FloatMap]:
    """Return the picture (S, S, 3) in colour, and where, (S, S) in [0, 1]: the head.

    Args:
        picture: the frame's, RGB in [0, 1], whatever was done to it before.
        frame: of the face, for its head.
        landmarks: (478, 3), pixels of the picture, where the face is now.
        skin: one of SKINS, or "likely".

    Raises:
        WeightsUnavailable: weights are not there.
    """
    size = picture.shape[0]
    grey = np.repeat(brightness(picture)[..., None], 3, axis=2)
    map_lab = to_lab(_likely(grey, landmarks, models))
    where = places(landmarks, canonical_face(models), size, WORK)
    tint = look_up(np.ascontiguousarray(map_lab[..., 1:]), where)
    small = cv2.resize(grey, (WORK, WORK), interpolation=cv2.INTER_AREA)
    person = fitted_to(small, head_regions(frame, models).person)
    face = parts.skin(resized(landmarks, WORK / size), WORK)
    if skin in SKINS:
        now = (tint * face[..., None]).sum(axis=(0, 1)) / max(float(face.sum()), 1e-3)
        tint = tint + (color_of(SKINS[skin])[1:] - now)
    region = np.maximum(blurred(np.clip(person, 0, 1), 2.0), face)
    tint, region = (
        cv2.resize(values, (size, size), interpolation=cv2.INTER_LINEAR)
        for values in (tint, region)
    )
    lab = to_lab(grey)
    lab[..., 1:] = tint
    return from_lab(lab), np.where(region > 0.02, region, 0).astype(np.float32)


def _likely(grey: FloatMap, landmarks: Points, models: ModelStore) -> FloatMap:
    """Return the colours (64, 64, 3) on the canonical map that go with a brightness."""
    prior = face_prior(models)
    nothing = np.zeros(grey.shape[:2], np.bool_)
    laid = lay(grey, nothing, landmarks, models).picture.to(models.device)
    with torch.inference_mode():
        bright = F.avg_pool2d(laid, FILL_MAP // PRIOR_MAP).mean(0).flatten()
        rows = (prior.basis * prior.step[:, None, None, None]).mean(1).flatten(1)
        noise = TOLERANCE * prior.noise
        precision = rows @ rows.T / noise + torch.diag(1 / prior.variance)
        pull = rows @ (bright - prior.mean.mean(0).flatten()) / noise
        found = prior(torch.linalg.solve(precision, pull)).clamp(0, 1)
    return np.ascontiguousarray(found.permute(1, 2, 0).cpu().numpy())
