"""What a face shows, read by those who took no part in changing it.

Smile, open mouth, beard, spectacles, gender and age are read from the features of the second recogniser,
by kernel ridges on our labels of training people; colours from the pixels. Shapes are read from how the
pixels moved, by optical flow: landmark networks have learned what faces usually look like, and hardly
see that a lip or a nose grew by a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.errors import EditingError
from editing.evaluate.age_readers import TAUGHT_BY, SecondReader, fit_reader
from editing.faces import parts
from editing.faces.align import FaceFrame, align
from editing.faces.detect import detect_faces
from editing.faces.face import Face
from editing.faces.hair import hair_of
from editing.faces.topology import LEFT_BROW, RIGHT_BROW
from editing.measure.second import second_features
from editing.models import ModelStore
from editing.photo import Photo, decode_photo
from editing.training.attributes import labels_of
from editing.training.data import ratings, samples

LEARNED = ("smile", "mouth_open", "beard", "spectacles", "gender", "age")
WINGS = (129, 358)  # of the nose
MIDDLE_LIPS = ((0, 13), (14, 17))  # outer and inner edge, upper and lower
LIDS = ((159, 145), (386, 374))
SPOT, GLOSS = 5.0, 9.0  # steps of L* or a* from the skin around: a spot to whoever looks; gloss
SIDE = 512

FloatMap = NDArray[np.float32]
Readers = dict[str, SecondReader]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a face shows. ``values`` are shares of 1 for what is learned (``age`` in hundreds of years),
    distances between the irises for shapes, shares of the skin for ``spots`` and ``shine``; ``colours``
    L*, a*, b* of lips, eyes, brows and hair, None where there is too little of it."""

    values: dict[str, float]
    colours: dict[str, FloatMap | None]


def attribute_readers(cache: Path, models: ModelStore) -> Readers | None:
    """Return the readers, fitted on labelled faces of folds 2 to 9; None where they are not there."""
    try:
        taught = [one for one in samples(("omi",)) if one.fold in TAUGHT_BY]
        rated = ratings("omi")
    except FileNotFoundError:
        return None
    if cache.is_file():
        features = np.load(cache)
    else:
        features = np.stack([_features_of(one.path.read_bytes(), models) for one in taught])
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, features)
    seen = np.isfinite(features).all(axis=1)
    told = [labels_of(one, rated[str(int(one.name))], models) for one in taught]
    readers = {}
    for name in LEARNED:
        values = np.array([one[name] for one in told])
        known = seen & np.isfinite(values)
        readers[name] = fit_reader(features[known], values[known])
    return readers


def read_attributes(photo: Photo, face: Face, readers: Readers, models: ModelStore) -> Shown:
    """Return what the face of the photo shows; ``face`` is where it was found in this photo."""
    direction = _direction(second_features(photo, face, models))
    values = {name: reader.read(direction) for name, reader in readers.items()}
    frame = align(photo, face, models, SIDE)
    unit = parts.eye_distance(frame.landmarks)
    values |= _shapes(frame.landmarks, unit)
    lab = cv2.cvtColor(frame.picture(), cv2.COLOR_RGB2LAB)
    hair = hair_of(frame, models)
    skin = (parts.skin(frame.landmarks, frame.size) * (1 - hair)) > 0.5
    values |= _skin(lab, skin, unit)
    values["moustache"] = _darker(lab, skin, frame, "moustache")
    colours = {
        "mouth": _colour(lab, parts.lips(frame.landmarks, frame.size)),
        "eyes": _iris(lab, parts.irises(frame.landmarks, frame.size)),
        "brows": _brow(lab, parts.brows(frame.landmarks, frame.size)),
        "hair": _colour(lab, hair),
    }
    return Shown(values, colours)


def shapes_after(before: Photo, after: Photo, face: Face, models: ModelStore) -> dict[str, float]:
    """Return the shapes of the face as the pixels moved them (dense inverse search: Kroeger et al., "Fast
    Optical Flow using Dense Inverse Search", ECCV 2016)."""
    frames = [align(photo, face, models, SIDE) for photo in (before, after)]
    greys = [
        cv2.cvtColor((f.picture() * 255).round().astype(np.uint8), cv2.COLOR_RGB2GRAY)
        for f in frames
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = search.calc(greys[0], greys[1], None)
    points = frames[0].landmarks.copy()
    at = points[:, None, :2].astype(np.float32)
    points[:, :2] += cv2.remap(flow, at, None, cv2.INTER_LINEAR)[:, 0]
    return _shapes(points, parts.eye_distance(frames[0].landmarks))


def _features_of(data: bytes, models: ModelStore) -> NDArray[np.float64]:
    photo = decode_photo(data)
    try:
        faces = detect_faces(photo, models)
    except EditingError:
        faces = []
    if not faces:
        return np.full(1024, np.nan)
    return _direction(second_features(photo, faces[0], models))


def _direction(features: NDArray[np.float32]) -> NDArray[np.float64]:
    direction: NDArray[np.float64] = features.astype(np.float64) / np.linalg.norm(features)
    return direction


def _shapes(landmarks: FloatMap, unit: float) -> dict[str, float]:
    def apart(pairs: tuple[tuple[int, int], ...]) -> float:
        gaps = [landmarks[a, :2] - landmarks[b, :2] for a, b in pairs]
        return float(np.linalg.norm(gaps, axis=1).mean()) / unit

    brows = [
        pair for brow in (RIGHT_BROW, LEFT_BROW) for pair in zip(brow[:5], brow[:4:-1], strict=True)
    ]
    return {
        "lips": apart(MIDDLE_LIPS),
        "nose": apart((WINGS,)),
        "brows": apart(tuple(brows)),
        "lids": apart(LIDS),
    }


def _skin(lab: FloatMap, skin: NDArray[np.bool_], unit: float) -> dict[str, float]:
    """Return the shares of the skin that are dark or red spots, and that shine."""
    if not skin.any():
        return {"spots": 0.0, "shine": 0.0}
    weight = skin.astype(np.float32)[..., None]

    def around(reach: float) -> FloatMap:
        wide = cv2.GaussianBlur(weight, (0, 0), reach)[..., None]
        return cv2.GaussianBlur(lab * weight, (0, 0), reach) / np.maximum(wide, 1e-3)

    small = cv2.GaussianBlur(lab, (0, 0), max(0.8, unit / 60))
    off, over = small - around(unit / 16), small - around(unit / 2)
    # Beside nostrils, lids and lips it is dark without any spot.
    side = 2 * round(0.08 * unit) + 1
    inner = cv2.erode(skin.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    spotted = np.maximum(-off[..., 0], off[..., 1]) > SPOT
    return {
        "spots": float(spotted[inner].mean()) if inner.any() else 0.0,
        "shine": float((over[..., 0] > GLOSS)[skin].mean()),
    }


def _darker(lab: FloatMap, skin: NDArray[np.bool_], frame: FaceFrame, region: str) -> float:
    """Return by how much of its lightness a region is darker than the skin."""
    where = parts.hole_of(region, frame.landmarks, frame.size) > 0.5
    if not where.any() or not skin.any():
        return 0.0
    usual = float(np.median(lab[..., 0][skin & ~where]))
    return 1 - float(np.median(lab[..., 0][where])) / max(usual, 1.0)


def _colour(lab: FloatMap, mask: FloatMap) -> FloatMap | None:
    inside = mask > 0.6
    if inside.sum() < 40:
        return None
    colour: FloatMap = np.median(lab[inside], axis=0).astype(np.float32)
    return colour


def _iris(lab: FloatMap, mask: FloatMap) -> FloatMap | None:
    """Return the colour of what is neither pupil nor glint."""
    inside = lab[mask > 0.6]
    if len(inside) < 40:
        return None
    low, high = np.percentile(inside[:, 0], (35, 85))
    between = inside[(inside[:, 0] >= low) & (inside[:, 0] <= high)]
    colour: FloatMap = np.median(between, axis=0).astype(np.float32)
    return colour


def _brow(lab: FloatMap, mask: FloatMap) -> FloatMap | None:
    """Return the colour of the darkest third, which is hair."""
    inside = lab[mask > 0.6]
    if len(inside) < 40:
        return None
    dark = inside[inside[:, 0] <= np.percentile(inside[:, 0], 33)]
    colour: FloatMap = np.median(dark, axis=0).astype(np.float32)
    return colour
