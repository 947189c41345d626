"""A face of nobody in the place of somebody's: another shape, other features, the same expression.

Shape and colour are drawn from statistics of synthetic people and moved away from the source's own;
what is likely from the hair, the neck and the light around stays, and so do gaze and teeth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editing.engines.native.fill import Laid, face_prior, lay, likely, show
from editing.engines.native.reshape import warp
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.blur import blurred
from editing.faces.canonical import canonical_face
from editing.faces.hair import hair_of
from editing.faces.paste import FaceEdit
from editing.faces.topology import FACE_OVAL, LIPS_INNER, POINTS
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES, FacePrior
from editing.progress import Progress, part

KEPT = ("age", "gender", "smile", "mouth_open", "beard")
CANDIDATES = 32  # drawn faces of which the least alike is taken
DRAWN = 96  # components of colour that chance moves; those beyond are grain
# How much of what is the source's own, in shape and in colour, is turned into its opposite.
SHAPE_OPPOSED, OPPOSED = 1.1, 1.5
WIDEST = 2.5  # standard deviations that a drawn or read shape may have
FACE = 0.98  # of the face's oval is replaced
# Distances between the eyes over which the source's light and skin colour are averaged. Who shares a
# face with k people is to give away no more than how bright the face is.
LIGHT, LIGHT_OF_GROUP = (0.5, 0.06), (2.0, 0.5)
SOFT = 0.12  # share of the half width of the face over which it fades into what is around
MOST_HAIR = 0.35  # of the face that may be covered by hair
# Patches of the skin: their size, distances between the eyes, and the most that they may differ from
# what is around them, natural logarithm.
PATCH, MOST_PATCH = (0.09, 0.6), 0.065
WORK = 1024

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class People:
    """How faces differ between people.

    ``effect`` (3, 1434): the mean shape, and what smile and open mouth do to it. ``basis`` (S, 1434)
    and ``spread`` (S,): what is left between people. ``gallery`` (N, K): whitened coefficients of
    the prior, of synthetic people.
    """

    effect: NDArray[np.float32]
    basis: NDArray[np.float32]
    spread: NDArray[np.float32]
    gallery: NDArray[np.float32]

    def own(
        self, shape: Points, smile: float, mouth_open: float, mirror: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return (S,), standard deviations: what is a person's own in a canonical shape (478, 3)."""
        straight = (shape + shape[mirror] * np.array([-1, 1, 1], np.float32)) / 2
        usual = np.array([1, smile, mouth_open], np.float32) @ self.effect
        return np.clip((straight.ravel() - usual) @ self.basis.T / self.spread, -WIDEST, WIDEST)

    def shape(self, code: NDArray[np.float32]) -> Points:
        """Return (478, 3): the part of a canonical shape that is a person's own."""
        return ((code * self.spread) @ self.basis).reshape(POINTS, 3).astype(np.float32)


def people(models: ModelStore) -> People:
    """Return the weights ``surrogate``.

    Raises:
        WeightsUnavailable: they are not there.
    """

    def read() -> People:
        stored = {
            name: value.float().numpy() for name, value in models.tensors("surrogate").items()
        }
        stored["gallery"] = stored["gallery"] * (4 / 127)
        return People(**stored)

    found: People = models.keep("people", read)
    return found


def replaced(
    frame: FaceFrame,
    models: ModelStore,
    seed: int,
    strength: float,
    asked: dict[str, float],
    progress: Progress,
    k: int | None = None,
    further: float = 1.0,
) -> FaceEdit:
    """Return the edit that shows somebody else.

    Args:
        frame: the face.
        seed: who it is that is drawn.
        strength: 1 for another face, less for one between.
        asked: attributes to have instead of the source's own.
        k: where given, the face is the average of the k or more synthetic people like the source.
        further: more than 1 turns more of what is the source's own into its opposite.

    Who is drawn is kept in the frame's ``memo``: frames of one person that share it show the same
    other person, as the pictures of a video do.
    """
    canonical, crowd, prior = canonical_face(models), people(models), face_prior(models)
    picture, landmarks = _at_work(frame)
    size = picture.shape[0]
    nothing = np.zeros((size, size), np.bool_)
    kept = frame.memo.setdefault(
        f"surrogate {seed} {strength} {k} {further} {sorted(asked.items())}", {}
    )
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    if "source" not in kept:
        progress(0.02, "reading the face")
        kept["source"] = likely(lay(picture, nothing, landmarks, models), models, {})
    source = kept["source"]
    read = dict(zip(ATTRIBUTES, prior.attributes(source).tolist(), strict=True))
    random = np.random.default_rng(seed)
    if "shape" not in kept:
        own = crowd.own(shape, read["smile"], read["mouth_open"], canonical.mirror)
        code = (
            np.zeros_like(own)
            if k is not None
            else other_shape(own, random, further * SHAPE_OPPOSED)
        )
        kept["shape"] = strength * crowd.shape(code - own)
    moved = frame.frame_from_canonical.apply(shape + kept["shape"])
    displacement, reach = warp(frame.landmarks, moved, canonical, frame.size)
    scale = size / frame.size
    picture = _moved(picture, displacement, scale)
    landmarks = resized(moved, scale)
    hair = _moved(_hair(frame, models, size), displacement, scale)
    hole = _face_hole(landmarks, size) * (1 - hair)
    laid = lay(picture, hole > 0.01, landmarks, models)
    if "face" not in kept:
        # A lens that is half drawn is worse than none: nobody's face wears spectacles.
        conditions = {name: read[name] for name in KEPT} | {"spectacles": 0.0} | asked
        if k is None:
            opposed = further * OPPOSED
            face = other_face(laid, source, prior, models, conditions, random, opposed)
        else:
            average = _average(crowd, _whitened(source, prior), k)
            face = torch.from_numpy(average).to(models.device) * prior.variance.sqrt()
        kept["face"] = source + strength * (face - source) if strength < 1 else face
        kept["grain"] = int(random.integers(2**31))
    progress(0.2, "painting somebody else")
    after = show(
        kept["face"], picture, hole > 0.01, landmarks, laid, models, kept["grain"],
        part(progress, 0.2, 0.95), light=LIGHT if k is None else LIGHT_OF_GROUP, memo=kept,
    )  # fmt: skip
    after = _calmed(after, landmarks, hole)
    progress(0.95, "blending", (after * 255).round().astype(np.uint8))
    soft = parts.feathered(hole, SOFT)
    gain = np.repeat(1 - soft[..., None], 3, axis=2)
    mask = np.maximum(reach, cv2.resize(hole, reach.shape[::-1], interpolation=cv2.INTER_AREA) > 0)
    return FaceEdit(mask.astype(np.float32), displacement, gain, soft[..., None] * after)


def _calmed(picture: FloatMap, landmarks: Points, hole: FloatMap) -> FloatMap:
    """Return the face without patches: between features, skin is hardly darker or redder than the skin
    around it, and where a drawn face has it otherwise, it was drawn from opposites."""
    unit = parts.eye_distance(landmarks)
    skin = (parts.skin(landmarks, picture.shape[0]) * hole)[..., None]
    logs = np.log(picture + np.float32(0.03)).astype(np.float32)

    def level(reach: float) -> FloatMap:
        weight = blurred(skin[..., 0], reach * unit)[..., None]
        return (blurred(logs * skin, reach * unit) / np.maximum(weight, 1e-3)).astype(np.float32)

    patches = level(PATCH[0]) - level(PATCH[1])
    held = patches - MOST_PATCH * np.tanh(patches / MOST_PATCH)
    soft = blurred(skin[..., 0], 0.05 * unit)[..., None]
    return np.clip((picture + 0.03) * np.exp(-soft * held) - 0.03, 0, 1).astype(np.float32)


def identity_of(frame: FaceFrame, models: ModelStore) -> NDArray[np.float32]:
    """Return (S,), standard deviations: what is a person's own in the shape of the face."""
    prior, canonical = face_prior(models), canonical_face(models)
    picture, landmarks = _at_work(frame)
    nothing = np.zeros(picture.shape[:2], np.bool_)
    source = likely(lay(picture, nothing, landmarks, models), models, {})
    read = dict(zip(ATTRIBUTES, prior.attributes(source).tolist(), strict=True))
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    return people(models).own(shape, read["smile"], read["mouth_open"], canonical.mirror)


def _at_work(frame: FaceFrame) -> tuple[FloatMap, Points]:
    picture = frame.picture()
    if frame.size <= WORK:
        return picture, frame.landmarks
    picture = cv2.resize(picture, (WORK, WORK), interpolation=cv2.INTER_AREA)
    return picture, resized(frame.landmarks, WORK / frame.size)


def _moved(picture: FloatMap, displacement: FloatMap, scale: float) -> FloatMap:
    size = picture.shape[0]
    shift = cv2.resize(displacement, (size, size), interpolation=cv2.INTER_LINEAR) * scale
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return cv2.remap(
        picture, x + shift[..., 0], y + shift[..., 1], cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    ).clip(0, 1)  # fmt: skip


def _hair(frame: FaceFrame, models: ModelStore, size: int) -> FloatMap:
    """Return (size, size): locks that hang into the face from outside. They stay; brows do not."""
    hair = cv2.resize(hair_of(frame, models), (size, size), interpolation=cv2.INTER_AREA)
    landmarks = resized(frame.landmarks, size / frame.size)
    face = parts.ring(landmarks, FACE_OVAL, size, FACE) > 0
    # Dark skin in deep shadow may be taken for hair: in doubt all of the face goes.
    if hair[face].mean() > MOST_HAIR:
        return np.zeros_like(hair)
    _, pieces = cv2.connectedComponents((hair > 0.5).astype(np.uint8))
    outside = np.unique(pieces[~face])
    hair = hair * np.isin(pieces, outside[outside > 0])
    return (hair * (1 - parts.brows(landmarks, size))).astype(np.float32)


def _face_hole(landmarks: Points, size: int) -> FloatMap:
    """Return the face without what is between the lids and between the lips."""
    mask = parts.ring(landmarks, FACE_OVAL, size, FACE)
    for eye in parts.EYES:
        mask = np.minimum(mask, 1 - parts.ring(landmarks, eye, size))
    return np.minimum(mask, 1 - parts.ring(landmarks, LIPS_INNER, size)).astype(np.float32)


def other_shape(
    own: NDArray[np.float32], random: np.random.Generator, opposed: float
) -> NDArray[np.float32]:
    """Return the drawn shape (S,) that is least like one's own, of which ``opposed`` is turned into its
    opposite.
    """
    drawn = np.clip(random.standard_normal((CANDIDATES, len(own))), -WIDEST, WIDEST)
    alike = drawn @ own / (np.linalg.norm(drawn, axis=1) * max(float(np.linalg.norm(own)), 1e-6))
    chosen = drawn[int(alike.argmin())]
    return (chosen - opposed * own).clip(-WIDEST, WIDEST).astype(np.float32)


def other_face(
    laid: Laid,
    source: Tensor,
    prior: FacePrior,
    models: ModelStore,
    conditions: dict[str, float],
    random: np.random.Generator,
    opposed: float,
) -> Tensor:
    """Return the coefficients of a face that is likely here and least like the source, of whose own
    colours ``opposed`` is turned into its opposite.
    """
    usual = likely(laid, models, conditions)
    root = prior.variance.sqrt()
    own = (source - usual) / root
    numbers = random.standard_normal((CANDIDATES, DRAWN)).astype(np.float32)
    drawn = torch.zeros(len(usual), CANDIDATES)
    drawn[:DRAWN] = torch.from_numpy(numbers.T)
    faces = likely(laid, models, conditions, drawn)
    moved = (faces - usual[:, None]) / root[:, None]
    alike = torch.cosine_similarity(moved, own[:, None], dim=0)
    best = faces[:, int(alike.argmin())]
    # What is farther than that from the mean face is no usual face's colour.
    return ((best / root) - opposed * own).clamp(-WIDEST, WIDEST) * root


def _whitened(coefficients: Tensor, prior: FacePrior) -> NDArray[np.float32]:
    return (coefficients / prior.variance.sqrt()).cpu().numpy().astype(np.float32)


def _average(crowd: People, source: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return the mean of the group of at least ``k`` synthetic people into which the source falls.

    k-Same (Newton, Sweeney and Malin, IEEE TKDE 2005) by a fixed division: everybody who falls into
    the group is given the same face, so that no guess among them is better than one in k.
    """
    group = crowd.gallery
    for axis in range(group.shape[1]):
        if len(group) < 2 * k:
            break
        middle = np.median(group[:, axis])
        below = group[:, axis] <= middle
        if min(below.sum(), len(group) - below.sum()) >= k:
            group = group[below] if source[axis] <= middle else group[~below]
    return group.mean(axis=0).astype(np.float32)
