"""Expression by shape regression, a warp, and one gain and one bias per pixel.

PixFES: Akram & Khan, "Pixel-based Facial Expression Synthesis", ICPR 2020, arXiv 2010.14397. The
regression is ridge; gain and bias live in the mean smiling shape, so that a pixel means the same
place on every face. Geometric units and the inside of the mouth are our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.engines.native.expression_units import frown, move_units
from editing.engines.native.mouth import (
    draw_mouth,
    inner_mask,
    kept_inside,
    light_level,
    opening,
)
from editing.faces.align import FaceFrame
from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.paste import FaceEdit
from editing.faces.topology import LEFT_EYE, POINTS, RIGHT_EYE
from editing.models import ModelStore
from editing.operations.base import Operation, Params
from editing.operations.expression import ExpressionParams
from editing.progress import Progress, silent

WARP_SIZE = 512
FOLLOW = (0.55, 0.15, 0.0)  # how far the three rings around the face follow its outline
BEHIND = 1e5
OPEN = 0.03  # gap between the lips, in distances between the irises, that shows teeth
DRAWN = 0.8  # share of the drawn mouth in a smile; the rest is the mean smile of the gains
NOTHING = 0.04  # frame pixels of movement that are taken for none

FloatMap = NDArray[np.float32]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SmileModel:
    """Ridge from the neutral shape to the smile's movement, and the smile's gain and bias.

    ``mean_shape`` (1434,), ``basis`` (K, 1434), ``mean_move`` (1434,), ``weights`` (K, 1434);
    ``points`` (478, 3) the mean smiling shape in pixels of ``gain`` and ``bias``, both (F, F, 3).
    """

    mean_shape: Points
    basis: Points
    mean_move: Points
    weights: Points
    points: Points
    gain: FloatMap
    bias: FloatMap

    def movement(self, shape: Points) -> Points:
        """Return (478, 3): how a canonical neutral shape moves into its smile."""
        code = (shape.ravel() - self.mean_shape) @ self.basis.T
        return (self.mean_move + code @ self.weights).reshape(POINTS, 3).astype(np.float32)

    def present(self, shape: Points) -> float:
        """Return how much of a mean smile the mouth's corners show already, 0 to 1."""
        corners = [61, 291, 78, 308]
        move = self.mean_move.reshape(POINTS, 3)[corners]
        now = (shape - self.mean_shape.reshape(POINTS, 3))[corners]
        return float(np.clip((now * move).sum() / (move**2).sum(), 0, 1))


def smile_model(models: ModelStore) -> SmileModel:
    """Return the weights ``expression``.

    Raises:
        WeightsUnavailable: they are not there.
    """

    def read() -> SmileModel:
        stored = {key: value.float().numpy() for key, value in models.tensors("expression").items()}
        return SmileModel(**stored)

    model: SmileModel = models.keep("smile", read)
    return model


class NativeExpression:
    """The expression engine that needs no GPU."""

    name = "native"

    def run(
        self,
        operation: Operation,
        frame: FaceFrame,
        params: Params,
        seed: int,
        models: ModelStore,
        progress: Progress,
    ) -> FaceEdit:
        """Return the edit; the seed plays no part, for nothing here is random."""
        assert isinstance(params, ExpressionParams)
        wink = params.preset == "wink"
        edit, _ = expressed(frame, params.amounts(), models, progress, wink=wink)
        progress(1.0, "edited")
        return edit


def expressed(
    frame: FaceFrame,
    amounts: dict[str, float],
    models: ModelStore,
    progress: Progress = silent,
    *,
    wink: bool = False,
    frowning: bool = True,
) -> tuple[FaceEdit, Points]:
    """Return the edit, and the landmarks (478, 3) where it brings them, frame pixels.

    Args:
        frame: the face.
        amounts: of every unit, -1 to 1 (``ExpressionParams.amounts``).
        models: where weights come from.
        progress: told how far it is.
        wink: whether only one eye closes.
        frowning: whether less than no smile is a mouth that turns down.
    """
    canonical, model = canonical_face(models), smile_model(models)
    before = frame.frame_from_canonical.invert(frame.landmarks)
    after, smile = _moved(before, amounts, wink, frowning, model)
    target = frame.frame_from_canonical.apply(after)
    progress(0.2, "moving the face")
    # Between lips that nearly touch there is nothing to keep but a dark line.
    jaw = amounts["mouth_open"] > 0 and opening(before) > OPEN
    scale = WARP_SIZE / frame.size
    source, mesh = _drawn(frame.landmarks * scale, target * scale, canonical)
    displacement = _displacement(source, mesh, jaw) / scale
    progress(0.5, "toning the skin")
    picture = frame.picture()
    light = light_level(picture, frame.landmarks)
    gain, difference = _tones(frame, mesh, model, smile, picture)
    progress(0.8, "opening the mouth")
    gain, difference = _with_mouth(frame, target, before, after, gain, difference, light, jaw)
    mask = _support(displacement, gain, difference, frame.size)
    return FaceEdit(mask, displacement, gain, difference), target


def _moved(
    before: Points, amounts: dict[str, float], wink: bool, frowning: bool, model: SmileModel
) -> tuple[Points, float]:
    """Return the canonical shape after the edit, and how much smile was added (or taken away)."""
    wanted, present = amounts["smile"], model.present(before)
    # Who smiles broadly already has less way to go, and more to lose.
    room = 1 - 0.55 * float(np.clip(2 * present - 1, 0, 1))
    smile = wanted * room if wanted > 0 else wanted * present
    after = before + smile * model.movement(before)
    if wanted < 0 and frowning:
        after = after + frown(before, -wanted * (1 - 0.6 * present))
    return (after + move_units(before, amounts, wink)).astype(np.float32), smile


def _drawn(source: Points, target: Points, canonical: CanonicalFace) -> tuple[Points, DrawnMesh]:
    """Return the source with its rings, and the target's mesh drawn, both in pixels of the warp."""
    ringed, moved = with_rings(source), with_rings(target)
    follow = np.repeat(np.array(FOLLOW, np.float32), 36)[:, None]
    moved[POINTS:] = ringed[POINTS:] + (moved[POINTS:] - ringed[POINTS:]) * follow
    moved[POINTS:, 2] += BEHIND
    return ringed, DrawnMesh(moved, canonical.triangles, (WARP_SIZE, WARP_SIZE))


def _displacement(source: Points, mesh: DrawnMesh, jaw: bool) -> FloatMap:
    """Return float32 (512, 512, 2): for each pixel after, how far away its source lies."""
    grid = np.stack(np.meshgrid(np.arange(WARP_SIZE), np.arange(WARP_SIZE)), axis=2)
    shift = mesh.positions(source) - grid.astype(np.float32)
    shift = _smoothed(shift, inner_mask(mesh.destination, WARP_SIZE, WARP_SIZE))
    shift = _eyes_kept(shift, source, mesh.destination)
    if jaw:
        shift = _teeth_kept(shift, source, mesh.destination)
    return shift


def _teeth_kept(shift: FloatMap, source: Points, destination: Points) -> FloatMap:
    """Return the movement with what an open mouth shows hanging from the upper lip."""
    both, lift = kept_inside(source, destination, WARP_SIZE, WARP_SIZE)
    still = both[..., None]
    return (shift * (1 - still) - lift * still).astype(np.float32)


def _smoothed(shift: FloatMap, mouth: FloatMap) -> FloatMap:
    """Return the movement without the creases of the triangles, the lips' edges kept apart."""
    skin = (1 - np.clip(mouth, 0, 1))[..., None]
    sigma = WARP_SIZE / 200
    weight = cv2.GaussianBlur(skin, (0, 0), sigma)[..., None]
    calm = cv2.GaussianBlur(shift * skin, (0, 0), sigma) / np.maximum(weight, 1e-3)
    return (shift * (1 - skin) + calm * skin).astype(np.float32)


def _eyes_kept(shift: FloatMap, source: Points, destination: Points) -> FloatMap:
    """Return the movement with the eyeballs at rest wherever lids close over them."""
    for ring in (RIGHT_EYE, LEFT_EYE):
        eyes = np.zeros(shift.shape[:2], np.float32)
        both = np.ones(shift.shape[:2], np.float32)
        for points in (source, destination):
            eyes[:] = 0
            outline = np.round(points[list(ring), :2] * 16).astype(np.int32)
            cv2.fillPoly(eyes, [outline], 1.0, cv2.LINE_AA, 4)
            both = np.minimum(both, eyes)
        still = cv2.GaussianBlur(both, (0, 0), 1.2)[..., None]
        wider = _opening_of(destination, ring) > _opening_of(source, ring) * 1.02
        # An eye that opens shows more of the ball than the photo has: there it is stretched.
        shift = shift if wider else (shift * (1 - still)).astype(np.float32)
    return shift


def _opening_of(points: Points, ring: tuple[int, ...]) -> float:
    lower, upper = points[list(ring[1:8])], points[list(ring[:8:-1])]
    return float(np.abs(lower[:, 1] - upper[:, 1]).mean())


def _tones(
    frame: FaceFrame,
    mesh: DrawnMesh,
    model: SmileModel,
    smile: float,
    picture: FloatMap,
) -> tuple[FloatMap, FloatMap]:
    """Return gain and difference of the skin, float32 (512, 512, 3) each."""
    size = (WARP_SIZE, WARP_SIZE)
    if smile == 0:
        return np.ones((*size, 3), np.float32), np.zeros((*size, 3), np.float32)
    face = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    hull = cv2.convexHull(np.round(frame.landmarks[:468, :2] * (64 / frame.size)).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros((64, 64), np.uint8), hull, 1)
    level = float(face[inside > 0].mean())
    dense = mesh.positions(with_rings(model.points))
    border = cv2.BORDER_REPLICATE
    gain = cv2.remap(model.gain, dense, None, cv2.INTER_LINEAR, borderMode=border) - 1
    bias = cv2.remap(model.bias, dense, None, cv2.INTER_LINEAR, borderMode=border)
    gain[~mesh.inside], bias[~mesh.inside] = 0, 0
    # Light that differs from the studio's makes a hard bias wrong; a gain scales with it.
    return (1 + smile * gain).astype(np.float32), (smile * level * bias).astype(np.float32)


def _with_mouth(
    frame: FaceFrame,
    target: Points,
    before: Points,
    after: Points,
    gain: FloatMap,
    difference: FloatMap,
    light: FloatMap,
    jaw: bool,
) -> tuple[FloatMap, FloatMap]:
    """Return gain and difference with the inside of a newly opened mouth drawn in."""
    now, then = opening(before), opening(after)
    if then < 0.012 or now > 0.85 * then:
        return gain, difference
    size = max(frame.size, WARP_SIZE)
    drawn, where = draw_mouth(size, frame.size, target, before, after, light)
    mask = inner_mask(target, size, frame.size)[where]
    if jaw:
        # What the photo shows of the mouth stays; the rest is drawn around it.
        mask = mask * (1 - kept_inside(frame.landmarks, target, size, frame.size)[0][where])
    else:
        mask = mask * float(np.clip(1.6 - 1.8 * now / then, 0, DRAWN))
    if size != gain.shape[0]:
        gain = cv2.resize(gain, (size, size), interpolation=cv2.INTER_LINEAR)
        difference = cv2.resize(difference, (size, size), interpolation=cv2.INTER_LINEAR)
    gain, difference = gain.copy(), difference.copy()
    gain[where] = gain[where] * (1 - mask[..., None])
    difference[where] = difference[where] * (1 - mask[..., None]) + drawn * mask[..., None]
    return gain, difference


def _support(
    displacement: FloatMap, gain: FloatMap, difference: FloatMap, frame_size: int
) -> FloatMap:
    """Return the soft mask of everything that changes, float32 (512, 512)."""
    size = (WARP_SIZE, WARP_SIZE)
    moves = np.abs(displacement).max(axis=2) > NOTHING * frame_size / WARP_SIZE
    toned = np.abs(gain - 1).max(axis=2) + np.abs(difference).max(axis=2)
    if toned.shape != size:
        toned = cv2.resize(toned, size, interpolation=cv2.INTER_AREA)
    changed = (moves | (toned > 0.004)).astype(np.uint8)
    wide = cv2.dilate(changed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    soft = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), 3.0)
    # The blur must end: beyond the widened area and its rim nothing is touched.
    reach = cv2.dilate(wide, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
    return (np.where(soft > 0.02, soft, 0) * reach).astype(np.float32)
