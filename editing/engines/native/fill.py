"""Filling a hole in a face: the prior of faces, a diffusion network on top, the photo's own grain.

The first guess is the most likely rest of the face (``FacePrior``); ``FillNet`` paints what that
leaves out, in a few steps of DDIM (Song, Meng and Ermon, ICLR 2021); a membrane closes the seam.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.attributes import added_attributes
from editing.engines.native.grain import with_grain
from editing.engines.native.membrane import closed, membrane
from editing.faces import parts
from editing.faces.align import resized
from editing.faces.canonical import canonical_face
from editing.faces.maps import canonical_mesh, laid_on_map, look_up, places
from editing.faces.mesh import DrawnMesh
from editing.faces.topology import FACE_OVAL, LIPS_INNER
from editing.models import ModelStore
from editing.networks.fill import (
    ATTRIBUTES,
    COMPONENTS,
    FILL_MAP,
    MULTIPLE,
    PRIOR_MAP,
    RESIDUAL,
    FacePrior,
    FillNet,
    Observed,
    enlarged,
    noise_schedule,
    seen_by_network,
)
from editing.progress import Progress, part, silent

LAYING = 512  # pixels a side at which a picture is laid on the map
STEPS = 2
DRAWN = 64  # components that chance moves: those beyond draw blotches, not features
COVERED = 0.6  # share of what is between the lips from which a mouth is taken for unseen
MARGIN = 24  # pixels of the map around the hole that the network sees

FloatMap = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Laid:
    """A face on the canonical map: ``picture`` (3, 256, 256), ``hole`` (1, 256, 256), 0 or 1."""

    picture: Tensor
    hole: Tensor


def fill(
    picture: FloatMap,
    hole: Mask,
    landmarks: Points,
    models: ModelStore,
    seed: int = 0,
    *,
    conditions: Mapping[str, float] | None = None,
    variety: float = 0.0,
    progress: Progress = silent,
) -> FloatMap:
    """Return the picture with what is likely in the hole, float32 (h, w, 3), RGB in [0, 1].

    Outside the hole it is the picture itself.

    Args:
        picture: (h, w, 3), RGB in [0, 1]: an upright square frame of one face.
        hole: (h, w), true where it is to be filled.
        landmarks: (478, 3), pixels of the picture.
        seed: of what is drawn by chance.
        conditions: attributes (``networks.fill.ATTRIBUTES``) that the whole face is to have.
        variety: 0 for the most likely face, 1 for any that is about as likely.

    Raises:
        KeyError: a condition is no attribute.
        WeightsUnavailable: the weights ``face_prior`` or ``fill`` are not there.
        Cancelled: the reporter asked to stop.
    """
    if not hole.any():
        return picture
    progress(0.0, "looking at the rest of the face")
    # What is in the hole is to play no part, not even where borders are averaged.
    near = _near(hole)
    cleared = membrane(picture[near], hole[near])
    picture = picture.copy()
    picture[near] = np.where(hole[near][..., None], cleared, picture[near])
    lips = parts.ring(landmarks, LIPS_INNER, hole.shape[0]) > 0.5
    if lips.any() and hole[lips].mean() > COVERED:
        # The map has no place for what an open mouth shows: a mouth that is not seen is closed.
        landmarks = parts.with_closed_mouth(landmarks)
    laid = lay(picture, hole, landmarks, models)
    chance = torch.Generator().manual_seed(seed)
    drawn = torch.randn(COMPONENTS, generator=chance) * variety
    drawn[DRAWN:] = 0
    face = likely(laid, models, conditions or {}, drawn)
    shown = show(face, picture, hole, landmarks, laid, models, seed, progress)
    return _beside_the_face(shown, picture, hole, landmarks)


def _beside_the_face(shown: FloatMap, picture: FloatMap, hole: Mask, landmarks: Points) -> FloatMap:
    """Return what was filled with its part outside the face spread from what is around.

    Of hair and background the prior knows little. Bertalmio et al., "Navier-Stokes, fluid dynamics,
    and image and video inpainting", CVPR 2001.
    """
    size = hole.shape[0]
    unit = parts.eye_distance(landmarks)
    face = cv2.GaussianBlur(parts.ring(landmarks, FACE_OVAL, size, 0.97), (0, 0), 0.04 * unit)
    if not (hole & (face < 0.95)).any():
        return shown
    coded = (picture * 255).round().clip(0, 255).astype(np.uint8)
    spread = cv2.inpaint(coded, hole.astype(np.uint8), max(3, round(unit / 20)), cv2.INPAINT_NS)
    share = face[..., None] * hole[..., None]
    other = np.where(hole[..., None], spread.astype(np.float32) / 255, picture)
    return (other + share * (shown - other)).astype(np.float32)


def show(
    face: Tensor,
    picture: FloatMap,
    hole: Mask,
    landmarks: Points,
    laid: Laid,
    models: ModelStore,
    seed: int,
    progress: Progress = silent,
) -> FloatMap:
    """Return the picture with ``face``, coefficients (K,) of the prior, shown in the hole.

    The rest is as in ``fill``; ``laid`` is ``lay`` of the picture.
    """
    prior = face_prior(models)
    with torch.inference_mode():
        completed = enlarged(prior(face.to(models.device)).clamp(0, 1)).cpu()
    painted = _pixels(_painted(laid, completed, models, seed, part(progress, 0.1, 0.8)))
    known, missing = _pixels(laid.picture), laid.hole[0].numpy() > 0
    painted = closed(painted, known, missing)
    painted = np.where(missing[..., None], painted, known)
    progress(0.85, "bringing it to the photo")
    size, near = picture.shape[0], _near(hole)
    large = cv2.resize(painted, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    where = places(landmarks, canonical_face(models), size, min(size, LAYING))
    where = cv2.resize(where, (size, size), interpolation=cv2.INTER_LINEAR)[near]
    own, gone = picture[near], hole[near]
    guess = look_up(large, np.ascontiguousarray(where))
    filled = with_grain(closed(guess, own, gone), own, gone, size / FILL_MAP)
    result = picture.copy()
    result[near] = np.where(gone[..., None], filled.clip(0, 1), own)
    return result


def face_prior(models: ModelStore) -> FacePrior:
    """Return the weights ``face_prior``.

    Raises:
        WeightsUnavailable: they are not there.
    """
    prior = models.network("face_prior", FacePrior)
    assert isinstance(prior, FacePrior)
    return prior


def lay(picture: FloatMap, hole: Mask, landmarks: Points, models: ModelStore) -> Laid:
    """Return a picture (h, h, 3) and a hole (h, h) in it on the canonical map.

    Raises:
        WeightsUnavailable: the canonical face is not there.
    """
    canonical = canonical_face(models)
    mesh: DrawnMesh = models.keep("canonical mesh", lambda: canonical_mesh(canonical, LAYING))
    size = picture.shape[0]
    missing = hole.astype(np.float32)
    if size > LAYING:
        picture, missing = (
            cv2.resize(values, (LAYING, LAYING), interpolation=cv2.INTER_AREA)
            for values in (picture, missing)
        )
        landmarks = resized(landmarks, LAYING / size)
    colours = laid_on_map(picture, landmarks, mesh, FILL_MAP)
    gone = laid_on_map(missing, landmarks, mesh, FILL_MAP) > 0.02
    return Laid(
        torch.from_numpy(colours).permute(2, 0, 1).contiguous(),
        torch.from_numpy(gone)[None].float(),
    )


def likely(
    laid: Laid, models: ModelStore, conditions: Mapping[str, float], drawn: Tensor | None = None
) -> Tensor:
    """Return the coefficients (K,) of the face that is likely, given what is around the hole.

    ``conditions`` are attributes of it, ``drawn`` (K,) as in ``FacePrior.coefficients``.

    Raises:
        KeyError: a condition is no attribute.
        WeightsUnavailable: the weights ``face_prior`` are not there.
    """
    prior = face_prior(models)
    observed = _observed(prior, conditions)
    fold = FILL_MAP // PRIOR_MAP
    free = F.max_pool2d(laid.hole, fold)[0] == 0
    colours = F.avg_pool2d(laid.picture, fold)
    device = models.device
    with torch.inference_mode():
        return prior.coefficients(
            colours.to(device),
            free.to(device),
            observed,
            None if drawn is None else drawn.to(device),
        )


def _observed(prior: FacePrior, conditions: Mapping[str, float]) -> Observed:
    """Return what the conditions say of coefficients; attributes may have been added."""
    own = {name: value for name, value in conditions.items() if name in ATTRIBUTES}
    observed = prior.asking(own)
    others = [name for name in conditions if name not in own]
    if not others:
        return observed
    added = added_attributes()
    unknown = [name for name in others if name not in added]
    if unknown:
        there = ", ".join((*ATTRIBUTES, *added))
        raise KeyError(f"no attribute {', '.join(map(repr, unknown))}; there are {there}")
    place = prior.middle.device
    rows = torch.tensor([added[name].row for name in others], device=place)
    values = torch.tensor([conditions[n] - added[n].middle for n in others], device=place)
    doubts = torch.tensor([added[name].doubt for name in others], device=place)
    return Observed(
        torch.cat([observed.rows, rows]),
        torch.cat([observed.values, values]),
        torch.cat([observed.doubts, doubts]),
    )


def _painted(
    laid: Laid, completed: Tensor, models: ModelStore, seed: int, progress: Progress
) -> Tensor:
    """Return the map painted where its hole is, (3, 256, 256), RGB."""
    network = models.batched("fill", FillNet)
    scheduler = noise_schedule()
    scheduler.set_timesteps(STEPS)
    window = _window(laid.hole[0].numpy() > 0)
    seen = seen_by_network(laid.picture, completed, laid.hole)[(slice(None), *window)]
    chance = torch.Generator().manual_seed(seed)
    residual = torch.randn((1, 3, *seen.shape[1:]), generator=chance)
    device = models.device
    seen, residual = seen[None].to(device), residual.to(device)
    with torch.inference_mode():
        for n, at in enumerate(scheduler.timesteps):
            progress(n / STEPS, "painting")
            velocity = network(residual, seen, at.expand(1).to(device))
            residual = scheduler.step(velocity, at, residual).prev_sample
    painted = completed.clone()
    painted[(slice(None), *window)] += residual[0].cpu() * RESIDUAL
    return painted


def _pixels(map: Tensor) -> FloatMap:
    """Return a map (3, h, w) as (h, w, 3)."""
    return np.ascontiguousarray(map.permute(1, 2, 0).numpy())


def _near(hole: Mask) -> tuple[slice, slice]:
    """Return rows and columns of the hole and as much beside it as blending needs."""
    return _beside(np.asarray(hole.any(axis=1))), _beside(np.asarray(hole.any(axis=0)))


def _beside(covered: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(covered)
    margin = max(24, len(covered) // 12)
    return slice(max(0, int(places[0]) - margin), min(len(covered), int(places[-1]) + 1 + margin))


def _window(hole: Mask) -> tuple[slice, slice]:
    """Return rows and columns of the map around the hole, as long as the network can fold."""
    return _span(np.flatnonzero(hole.any(axis=1))), _span(np.flatnonzero(hole.any(axis=0)))


def _span(places: NDArray[np.intp]) -> slice:
    length = int(places[-1] - places[0]) + 1 + 2 * MARGIN
    length = min(FILL_MAP, -(-length // MULTIPLE) * MULTIPLE)
    middle = (int(places[0]) + int(places[-1]) + 1) // 2
    start = int(np.clip(middle - length // 2, 0, FILL_MAP - length))
    return slice(start, start + length)
