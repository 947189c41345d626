"""A face of nobody in the place of somebody's: another shape, other features, the same expression.

A few synthetic people who could stand here (of such age, gender, beard, smile and skin) and are unlike
the source are mixed, in shape and in features. Light and the colour of the skin stay the photo's, and
so do gaze and teeth. Spectacles go, unless they are dark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.fill import face_prior, lay, likely
from editing.engines.native.fringe import fringe, shown_in
from editing.engines.native.grain import with_grain
from editing.engines.native.people import TRAITS, WIDEST, People, people
from editing.engines.native.reshape import warp
from editing.engines.native.spectacles import dark_glasses, spectacles_in
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.blur import blurred
from editing.faces.canonical import canonical_face
from editing.faces.close import (
    DARK,
    UNIT,
    WHOLE,
    bearded_on_close,
    close_mesh,
    coloured,
    lay_close,
    parted,
    show_close,
    skin_on_close,
)
from editing.faces.hair import hair_of
from editing.faces.light import brightness
from editing.faces.paste import FaceEdit
from editing.faces.shift import fetched, grown
from editing.faces.topology import FACE_OVAL, LIPS_INNER
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES
from editing.progress import Progress

MIXED = 3  # people in one face: fewer are somebody, more are everybody
EVEN = 30.0  # concentration of their shares (Dirichlet): nobody has much more than a third
# How far off in each of TRAITS one may be who could stand here.
ALIKE = (0.12, 0.18, 0.25, 0.25, 0.25, 0.35, 0.2)
UNLIKE = 0.65  # dlib's distance to the source from which on a person is unlike enough
LIKENESS = 0.1  # how much nearer one may be
NOBODY = 0.5  # of what people are apart from who is most like them: a mixture nearer is somebody
CANDIDATES = 64  # mixtures of which the least alike is taken
SHAPE_FURTHER = 1.25  # mixtures have tamer shapes than people
FACE = 0.98  # of the face's oval is replaced
GROUP_LIGHT = 2.0 * UNIT  # reach of the light that those who share one face keep
COARSE = 2.0  # pixels of the close map below which a mixture has no texture of skin
SOFT = 0.12  # share of the half width of the face over which it fades into what is around
MOST_HAIR = 0.35  # of the face that may be covered by hair
BEARDED = 0.25  # logarithm by which what is below the cheeks is darker than they are under a beard
WEARS = 0.5  # reading of spectacles from which on they are looked for
# Largest sides of what is painted, of what is looked at, and of what is spread.
WORK, LOOKED_AT, SPREAD = 1024, 624, 512

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of the person: ``traits`` (T,), ``shape`` (S,) in standard deviations, ``code`` (K,)
    of the features, and whether spectacles are worn.
    """

    traits: NDArray[np.float32]
    shape: NDArray[np.float32]
    code: NDArray[np.float32]
    wears: bool


@dataclass(frozen=True, slots=True)
class Nobody:
    """Who is shown: ``code`` (K,) of features and ``shape`` (S,), standard deviations."""

    code: NDArray[np.float32]
    shape: NDArray[np.float32]

    def further(self, source: Source, opposed: float) -> Nobody:
        """Return somebody of a shape less like the source's, of whose own ``opposed`` is turned into its
        opposite. Features are left: what is opposed of them looks like dirt.
        """
        shape = (self.shape - opposed * source.shape).clip(-WIDEST, WIDEST)
        return Nobody(self.code, shape.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Seen:
    """What one frame shows of the person: over the face, (h, h) each, what ``stays`` (hair, dark glasses)
    and what ``goes`` (spectacles); on the close map, ``light`` and ``features`` as of ``parted``."""

    stays: FloatMap
    goes: FloatMap
    light: FloatMap
    features: FloatMap


def look_at(frame: FaceFrame, source: Source, models: ModelStore) -> Seen:
    """Return what the frame shows."""
    canonical = canonical_face(models)
    picture, landmarks = _at_most(frame, LOOKED_AT)
    stays, goes = _coverings(frame, picture, landmarks, source.wears, models)
    seen = np.concatenate([picture, np.maximum(stays, goes)[..., None], stays[..., None]], 2)
    laid = lay_close(seen, landmarks, close_mesh(models))
    colours, beside, hair = np.ascontiguousarray(laid[..., :3]), laid[..., 3], laid[..., 4]
    skin = skin_on_close(canonical) * (beside < 0.2)
    skin = _without_beard(colours, skin, bearded_on_close(canonical))
    light, features = parted(colours, skin)
    locks = fringe(features, hair, (beside > 0.2) & (hair < 0.2), canonical)
    if not locks.any():
        return Seen(stays, goes, light, features)
    stays = np.maximum(stays, shown_in(picture, landmarks, locks, canonical))
    return Seen(stays, goes, *parted(colours, skin * (locks < 0.2)))


def _without_beard(colours: FloatMap, skin: FloatMap, beard: FloatMap) -> FloatMap:
    """Return the skin (HEIGHT, WIDTH) without what a beard hides, which is as bright as the cheeks above."""
    grey = np.log(brightness(colours) + np.float32(DARK))
    cheeks, below = (skin > 0.5) & (beard < 0.1), (skin > 0.5) & (beard > 0.9)
    if not cheeks.any() or not below.any():
        return skin
    darker = float(np.median(grey[cheeks]) - np.median(grey[below]))
    return skin * (1 - beard) if darker > BEARDED else skin


def _coverings(
    frame: FaceFrame, picture: FloatMap, landmarks: Points, wears: bool, models: ModelStore
) -> tuple[FloatMap, FloatMap]:
    """Return what stays over the face and what goes, (h, h) each."""
    size = picture.shape[0]
    hair, nothing = _hair(frame, models, size), np.zeros((size, size), np.float32)
    if not wears:
        return hair, nothing
    worn = spectacles_in(picture, landmarks).astype(np.float32)
    if not dark_glasses(picture, landmarks):
        return hair, worn
    # Nobody knows the eyes behind them: they stay on.
    softly = cv2.GaussianBlur(worn, (0, 0), max(0.8, size / 600))
    return np.maximum(hair, softly).astype(np.float32), nothing


def read_source(frame: FaceFrame, models: ModelStore) -> Source:
    """Return what is known of the face in the frame."""
    canonical, prior = canonical_face(models), face_prior(models)
    picture, landmarks = _at_most(frame, WORK)
    nothing = np.zeros(picture.shape[:2], np.bool_)
    coefficients = likely(lay(picture, nothing, landmarks, models), models, {})
    read = dict(zip(ATTRIBUTES, prior.attributes(coefficients).tolist(), strict=True))
    skin = skin_on_close(canonical)
    light, features = parted(lay_close(picture, landmarks, close_mesh(models)), skin)
    red, green, blue = np.median(light[skin > 0.5], axis=0)
    read |= {"bright": (red + green + blue) / 3, "warm": red - blue}
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    crowd = people(models)
    own = crowd.own(shape, read["smile"], read["mouth_open"], canonical.mirror)
    traits = np.array([read[name] for name in TRAITS], np.float32)
    return Source(traits, own, crowd.code(features), read["spectacles"] > WEARS)


def nobodies(
    source: Source,
    asked: dict[str, float],
    random: np.random.Generator,
    crowd: People,
    descriptor: NDArray[np.float32] | None,
) -> list[Nobody]:
    """Return up to CANDIDATES faces of nobody, those first that are the least like the source.

    Args:
        asked: traits to have instead of the source's own.
        descriptor: dlib's of the source (128,); without it they come as they are drawn.
    """
    wanted = source.traits.copy()
    for name, value in asked.items():
        wanted[TRAITS.index(name)] = value
    count = len(crowd.codes) // 2
    off = (crowd.traits[:count] - wanted) / np.array(ALIKE, np.float32)
    liking = -0.5 * (off**2).sum(axis=1)
    far = np.zeros(count, np.float32)
    if descriptor is not None:
        far = np.linalg.norm(crowd.descriptors[:count] - descriptor, axis=1)
        liking = liking - 0.5 * (np.maximum(UNLIKE - far, 0) / LIKENESS) ** 2
    drawn, least = [], NOBODY * crowd.apart()
    for _ in range(CANDIDATES):
        # The largest of perturbed logarithms is a draw by them (Gumbel's trick), and stays the same
        # draw where they change a little, from photo to photo of one person.
        chosen = np.argsort(-(liking + random.gumbel(size=count)))[:MIXED]
        # Of each person the gallery has the mirror image too.
        shown = chosen + count * random.integers(2, size=MIXED)
        shares = random.dirichlet(np.full(MIXED, EVEN)).astype(np.float32)
        shape = (SHAPE_FURTHER * shares @ crowd.shapes[chosen]).astype(np.float32)
        code = (shares @ crowd.codes[shown]).astype(np.float32)
        if np.linalg.norm(crowd.codes - code, axis=1).min() < least:
            continue
        drawn.append((float(shares @ far[chosen]), Nobody(code, shape)))
    if descriptor is not None:
        drawn.sort(key=lambda one: -one[0])
    return [nobody for _, nobody in drawn]


def average(source: NDArray[np.float32], k: int, crowd: People) -> Nobody:
    """Return the mean of the group of at least ``k`` synthetic people into which the source falls.

    k-Same (Newton, Sweeney and Malin, IEEE TKDE 2005) by a fixed division: everybody who falls into
    the group is given the same face, so that no guess among them is better than one in k.

    Args:
        source: coefficients (K,) of the source's features.
    """
    # Each person is there twice, as in a mirror: half of the gallery are people.
    count = len(crowd.codes) // 2
    group = np.arange(count)
    for axis in range(crowd.codes.shape[1]):
        if len(group) < 2 * k:
            break
        values = crowd.codes[group, axis]
        middle = np.median(values)
        below = values <= middle
        if min(below.sum(), len(group) - below.sum()) >= k:
            group = group[below] if source[axis] <= middle else group[~below]
    both = np.concatenate([group, group + count])
    return Nobody(crowd.codes[both].mean(axis=0), crowd.shapes[group].mean(axis=0))


def replaced(
    frame: FaceFrame,
    models: ModelStore,
    source: Source,
    seen: Seen,
    nobody: Nobody,
    strength: float,
    progress: Progress,
    even: bool = False,
) -> FaceEdit:
    """Return the edit that shows somebody else.

    Args:
        frame: the face.
        source: what ``read_source`` says of the person, by this picture or another.
        seen: what ``look_at`` says of it.
        nobody: who is shown.
        strength: 1 for another face, less for one between.
        even: whether of the light no more is kept than how bright the face is.
    """
    progress(0.2, "painting somebody else")
    painted = _painted(frame, models, source, seen, nobody, strength, even)
    picture, landmarks, size = painted.picture, painted.landmarks, len(painted.picture)
    progress(0.7, "bringing it to the photo")
    bare = parts.skin(landmarks, size) * (1 - painted.stays) > 0.5
    after = with_grain(
        painted.face, picture, painted.hole > 0.01, COARSE * size / WHOLE, bare, frame.memo
    ).clip(0, 1)
    progress(0.95, "blending", (after * 255).round().astype(np.uint8))
    soft = parts.feathered(painted.hole, SOFT)
    if painted.goes.any():
        after, soft = _without_temples(after, soft, picture, landmarks, painted.goes)
    gain = np.repeat(1 - soft[..., None], 3, axis=2)
    reach = painted.reach
    mask = np.maximum(reach, cv2.resize(soft, reach.shape[::-1], interpolation=cv2.INTER_AREA) > 0)
    return FaceEdit(mask.astype(np.float32), painted.displacement, gain, soft[..., None] * after)


def glimpse(
    frame: FaceFrame, models: ModelStore, source: Source, seen: Seen, nobody: Nobody
) -> FloatMap:
    """Return the frame (S, S, 3) with somebody else in it, as a recogniser needs to see it: without grain,
    and spectacles beside the face stay. Arguments as of ``replaced``.
    """
    painted = _painted(frame, models, source, seen, nobody, 1.0)
    soft = parts.feathered(painted.hole, SOFT)[..., None]
    return (painted.picture + soft * (painted.face - painted.picture)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Painted:
    """Somebody else's face before it is blended in.

    ``picture`` (S, S, 3) is the frame with the face in its new shape, ``landmarks`` (478, 3) where it
    is in it, ``face`` (S, S, 3) the other's, for ``hole`` (S, S). ``stays`` and ``goes`` (S, S) are of
    ``Seen``. ``displacement`` and ``reach`` are those of ``warp``.
    """

    picture: FloatMap
    landmarks: Points
    face: FloatMap
    hole: FloatMap
    stays: FloatMap
    goes: FloatMap
    displacement: FloatMap
    reach: FloatMap


def _painted(
    frame: FaceFrame,
    models: ModelStore,
    source: Source,
    seen: Seen,
    nobody: Nobody,
    strength: float,
    even: bool = False,
) -> _Painted:
    canonical, crowd = canonical_face(models), people(models)
    picture, landmarks = _at_most(frame, WORK)
    size = picture.shape[0]
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    moved = frame.frame_from_canonical.apply(
        shape + strength * crowd.shape(nobody.shape - source.shape)
    )
    displacement, reach = warp(frame.landmarks, moved, canonical, frame.size)
    scale = size / frame.size
    shift = grown(displacement, size) * np.float32(scale)
    picture = fetched(picture, shift, cv2.INTER_CUBIC).clip(0, 1)
    stays, goes = cv2.split(fetched(grown(cv2.merge([seen.stays, seen.goes]), size), shift))
    landmarks = resized(moved, scale)
    light = blurred(seen.light, GROUP_LIGHT) if even else seen.light
    features = seen.features + strength * (crowd.features(nobody.code) - seen.features)
    face = show_close(coloured(light, features), landmarks, canonical, size)
    hole = _face_hole(landmarks, size) * (1 - stays)
    return _Painted(picture, landmarks, face, hole, stays, goes, displacement, reach)


def _without_temples(
    after: FloatMap, soft: FloatMap, picture: FloatMap, landmarks: Points, worn: FloatMap
) -> tuple[FloatMap, FloatMap]:
    """Return the new face and its share of each pixel, with what is beside the face in the place of
    spectacles that reach beyond it.

    Bertalmio et al., "Navier-Stokes, fluid dynamics, and image and video inpainting", CVPR 2001.
    """
    eyes = np.maximum(*(parts.ring(landmarks, eye, len(worn)) for eye in parts.EYES))
    beyond = ((worn > 0.2) & (soft < 0.98) & (eyes < 0.5)).astype(np.uint8)
    shown = picture + soft[..., None] * (after - picture)
    # What is spread over a stroke is smooth, and a quarter of the pixels tells it.
    side = min(len(worn), SPREAD)
    coded = (shown * 255).round().clip(0, 255).astype(np.uint8)
    coded = cv2.resize(coded, (side, side), interpolation=cv2.INTER_AREA)
    stroke = (grown(beyond.astype(np.float32), side) > 0).astype(np.uint8)
    radius = max(3, round(parts.eye_distance(landmarks) * side / len(worn) / 20))
    spread = cv2.inpaint(coded, stroke, radius, cv2.INPAINT_NS).astype(np.float32) / 255
    spread = grown(spread, len(worn))
    share = cv2.GaussianBlur(beyond.astype(np.float32), (0, 0), max(0.8, len(worn) / 600))
    whole = np.maximum(soft, share)
    mixed = shown + share[..., None] * (spread - shown)
    # What is blended in by ``whole`` is to come out as ``mixed``.
    wanted = picture + (mixed - picture) / np.maximum(whole, 1e-3)[..., None]
    return np.where(whole[..., None] > 1e-3, wanted, after).astype(np.float32), whole


def _at_most(frame: FaceFrame, side: int) -> tuple[FloatMap, Points]:
    """Return the picture of the frame and its landmarks, with no more than ``side`` pixels a side."""
    picture = frame.picture()
    if frame.size <= side:
        return picture, frame.landmarks
    picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return picture, resized(frame.landmarks, side / frame.size)


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
