"""A face that people take for somebody else's and a recogniser for the same: found by descent.

Shape and colour start as those of a drawn face. They are then moved, by Adam, to where dlib's
descriptor of the picture is again the person's, while the coarse look stays that of another and the
face stays likely under the statistics of faces. What is moved is coarse and symmetric; pores and
hairs are the photo's own.

That a descent through a frozen recogniser brings an identity back is known (FreM, 2026, by bands
of frequencies); a Gaussian of faces in their place keeps it to what a face can wear.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from editing.engines.native.fill import face_prior, lay, likely
from editing.engines.native.looks import GREY, alike, blurred, chip, coarse
from editing.engines.native.opposite import other_face, other_shape
from editing.engines.native.people import People, people
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.canonical import canonical_face
from editing.faces.face import Box
from editing.faces.maps import canonical_mesh, laid_on_map, places, resting, ringed
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.paste import FaceEdit
from editing.faces.topology import FACE_OVAL, POINTS
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES, PRIOR_MAP, FacePrior
from editing.networks.recogniser import Recogniser
from editing.progress import Progress

WORK = 256  # side at which the face is looked at while it is moved
SHOWN = 512  # side of the maps that are handed on
STEPS, PREVIEW_EVERY = 50, 10
COLOUR_RATE, SHAPE_RATE, LIGHT_RATE = 0.05, 0.08, 0.01
LIGHTEST = 0.012  # how far the free part of the light may go, colours in [0, 1]
EXPRESSION = ("smile", "mouth_open")
# Of what is the source's own, in shape and in colour, where the descent starts: turned into its opposite.
SHAPE_OPPOSED, OPPOSED = 0.8, 0.5
FACE, SOFT = 0.9, 0.02  # share of the face's oval that is coloured; softness, sides of the frame
GAZE = 0.6  # share of the colour that is kept from between the lids
# The corners of the mouth, and the middles of its upper and lower border. Shapes of people differ by
# how they smile, too: beyond this share a mouth that changes is a grimace.
MOUTH_ENDS, MOUTH = ((61, 291), (0, 17)), 0.12
FEATURES = 0.6  # how much steps of light on brows and lips count, beside those on skin
JITTER = 0.004  # sides of the frame by which chips are cut beside their place

NEAR = 0.1  # distance of descriptors that is near enough
ALIKE = 0.76  # the coarse look is to be no more alike than this (SSIM)
# Weights of what the cost adds up, beside the distance of descriptors times PERSON.
PERSON, OTHER, LIKELY, BORDER, LIGHT, CLIPPED, PATCHY, CROOKED, TINTED, ASKED, GRIMACE = (
    2.0, 14.0, 3.0, 50.0, 30.0, 10.0, 2500.0, 500.0, 4000.0, 0.2, 150.0,
)  # fmt: skip

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Scene:
    """The face at W = WORK pixels a side, what can be done to it, and what it is to keep.

    ``picture`` (1, 3, W, W); ``mask`` (1, 1, W, W) of what is coloured; ``grid`` (1, W, W, 2), where
    each pixel lies on the canonical map, as ``grid_sample`` wants it; ``points`` (478, 2). ``bends``
    (S, 2, W, W) is the displacement by a standard deviation of each component of shape, ``shifts``
    (S, 478, 2) what it does to the landmarks. On the prior's map: ``laid`` (3, M, M), the face;
    ``known`` (3, M, M), what the prior makes of it; ``inner`` (1, M, M), the mask; and ``skin``
    (1, M, M), the same with brows and lips at less. ``own`` (S,) is its shape, in standard deviations.
    ``mouth`` (2, S) is by what share each component makes the mouth wider and higher. ``asked`` (A,)
    is what attributes are to read as, NaN where that is free.
    """

    picture: Tensor
    mask: Tensor
    grid: Tensor
    points: Points
    bends: Tensor
    shifts: NDArray[np.float32]
    laid: Tensor
    known: Tensor
    inner: Tensor
    skin: Tensor
    own: Tensor
    mouth: Tensor
    asked: Tensor
    box: Box


@dataclass(frozen=True, slots=True)
class _Look:
    """What is moved: ``colour`` (K,), coefficients of the prior, and ``shape`` (S,) beside one's own,
    both in standard deviations; ``light`` (1, M, M), free of the prior, before it is bounded."""

    colour: Tensor
    shape: Tensor
    light: Tensor


@dataclass(frozen=True, slots=True)
class _Sight:
    """What people (``coarse``) and the recogniser (``descriptor``) see of the person."""

    coarse: Tensor
    descriptor: Tensor


def disguised(
    frame: FaceFrame,
    models: ModelStore,
    seed: int,
    strength: float,
    asked: dict[str, float],
    progress: Progress,
) -> FaceEdit:
    """Return the edit after which people see somebody else.

    Args:
        frame: the face.
        seed: whom it is to look like.
        strength: 1 for all of the way, less for a part of it.
        asked: attributes (``networks.fill.ATTRIBUTES``) that it is to read as.

    Raises:
        WeightsUnavailable: weights are not there.
        Cancelled: the reporter asked to stop.
    """
    prior = face_prior(models)
    recogniser = models.network("recogniser", Recogniser)
    progress(0.02, "reading the face")
    scene, look = _begin(frame, models, seed, asked)
    with torch.no_grad():
        sight = _Sight(
            coarse(scene.picture, scene.box), recogniser(chip(scene.picture, scene.points))
        )
    rates = ((look.colour, COLOUR_RATE), (look.shape, SHAPE_RATE), (look.light, LIGHT_RATE))
    adam = torch.optim.Adam(
        [{"params": [moved.requires_grad_()], "lr": rate} for moved, rate in rates]
    )
    chance = np.random.default_rng(seed)
    for step in range(STEPS):
        cost, shown = _cost(scene, look, prior, recogniser, sight, chance)
        preview = _coded(shown) if step % PREVIEW_EVERY == 0 else None
        progress(0.05 + 0.9 * step / STEPS, "looking like somebody else", preview)
        adam.zero_grad()
        cost.backward()
        adam.step()
    with torch.no_grad():
        face = prior(look.colour * prior.variance.sqrt())
        return _edit(frame, scene, strength * look.shape, strength * _change(scene, look, face))


def _change(scene: _Scene, look: _Look, face: Tensor) -> Tensor:
    """Return (3, M, M): what is added on the prior's map, where ``face`` is what it makes of
    the look."""
    return face - scene.known + LIGHTEST * torch.tanh(look.light / LIGHTEST)


def _cost(
    scene: _Scene,
    look: _Look,
    prior: FacePrior,
    recogniser: torch.nn.Module,
    sight: _Sight,
    chance: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Return what is to become small, (), and the picture that it was found for."""
    coefficients = look.colour * prior.variance.sqrt()
    face = prior(coefficients)
    change = _change(scene, look, face)
    free = _bent(scene, look.shape, scene.picture + _on_face(change, scene.grid, scene.mask))
    shown = free.clamp(0, 1)
    read = (prior.attributes(coefficients) - scene.asked) / prior.doubt
    cost = (
        PERSON * _unlike(scene, look, recogniser, shown, sight.descriptor, chance)
        + OTHER * F.relu(alike(coarse(shown, scene.box), sight.coarse) - ALIKE)
        + LIKELY * F.relu(look.colour.square().mean() - 1)
        + LIKELY * F.relu((look.shape + scene.own).square().mean() - 1)
        + LIGHT * look.light.square().mean()
        + CLIPPED * (free - shown).abs().mean()
        + ASKED * torch.nan_to_num(read).square().sum()
        + GRIMACE * F.relu((scene.mouth @ look.shape).abs() - MOUTH).square().sum()
        + _unnatural(scene, face, change)
    )
    return cost, shown.detach()


def _unlike(
    scene: _Scene,
    look: _Look,
    recogniser: torch.nn.Module,
    shown: Tensor,
    known: Tensor,
    chance: np.random.Generator,
) -> Tensor:
    """Return how much farther than NEAR the recogniser finds the picture from the person, ()."""
    shape = look.shape.detach().cpu().numpy()
    points = scene.points + np.tensordot(shape, scene.shifts, 1)
    beside = chance.normal(0, JITTER * WORK, (2, 1, 2))
    sharp, soft = (chip(shown, (points + shift).astype(np.float32)) for shift in beside)
    soft = blurred(soft, 1.0)
    # Of one of them the mirror image: a recogniser does not know left from right.
    pair = (sharp.flip(3), soft) if chance.random() < 0.5 else (sharp, soft.flip(3))
    return F.relu((recogniser(torch.cat(pair)) - known).norm(dim=1) - NEAR).mean()


def _unnatural(scene: _Scene, face: Tensor, change: Tensor) -> Tensor:
    """Return what no face wears, (): a border of another colour, patches on the skin, halves that
    differ, tints."""
    edge = 4 * scene.inner * (1 - scene.inner)
    border = (edge * (face - scene.laid).square()).sum() / edge.sum() / 3
    inside = change * scene.inner
    weights = torch.tensor(GREY, device=inside.device)[:, None, None]
    grey = (inside * weights).sum(0, keepdim=True)
    tint = inside - grey
    even = tint.sum((1, 2), keepdim=True) / scene.inner.sum()
    steps = [(grey.diff(dim=axis) * _between(scene.skin, axis)).square().mean() for axis in (1, 2)]
    return (
        BORDER * border
        + PATCHY * (steps[0] + steps[1])
        + CROOKED * blurred((grey - grey.flip(2))[None], 2.0).square().mean()
        + TINTED * ((tint - even) * scene.inner).square().mean()
    )


def _begin(
    frame: FaceFrame, models: ModelStore, seed: int, asked: dict[str, float]
) -> tuple[_Scene, _Look]:
    """Return the face, and the drawn one that the descent starts from, on the models' device."""
    canonical, crowd, prior = canonical_face(models), people(models), face_prior(models)
    device = models.device
    scale = WORK / frame.size
    picture = cv2.resize(frame.picture(), (WORK, WORK), interpolation=cv2.INTER_AREA)
    landmarks = resized(frame.landmarks, scale)
    whole = lay(picture, np.zeros((WORK, WORK), np.bool_), landmarks, models)
    source = likely(whole, models, {}).clone()  # a tensor that can be part of a descent
    read = dict(zip(ATTRIBUTES, prior.attributes(source).tolist(), strict=True))
    kept = {name: read[name] for name in EXPRESSION} | asked
    random = np.random.default_rng(seed)
    around = lay(picture, parts.ring(landmarks, FACE_OVAL, WORK, 0.98) > 0.5, landmarks, models)
    face = other_face(around, source, prior, models, kept, random, OPPOSED)
    shape = frame.frame_from_canonical.invert(frame.landmarks)
    own = crowd.own(shape, read["smile"], read["mouth_open"], canonical.mirror)
    code = other_shape(own, random, SHAPE_OPPOSED)
    shifts = _shifts(frame, crowd, shape, len(own)) * np.float32(scale)
    mask, skin = _masks(landmarks)
    mesh = canonical_mesh(canonical, WORK)
    inner, bare = (
        torch.from_numpy(laid_on_map(m, landmarks, mesh, PRIOR_MAP))[None].to(device)
        for m in (mask, mask * skin**2)
    )
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    x0, y0, x1, y1 = np.clip([*np.floor(low), *np.ceil(high)], 0, WORK).astype(int)
    wanted = [kept.get(name, torch.nan) for name in ATTRIBUTES]
    scene = _Scene(
        picture=torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous().to(device),
        mask=torch.from_numpy(mask)[None, None].to(device),
        grid=torch.from_numpy(places(landmarks, canonical, WORK, WORK) * 2 - 1)[None].to(device),
        points=landmarks[:, :2],
        bends=_bends(landmarks, shifts, canonical.triangles).to(device),
        shifts=shifts,
        laid=F.avg_pool2d(whole.picture, whole.picture.shape[-1] // PRIOR_MAP).to(device),
        known=prior(source),
        inner=inner,
        skin=bare,
        own=torch.from_numpy(own).to(device),
        mouth=torch.from_numpy(_mouth(landmarks, shifts)).to(device),
        asked=torch.tensor(wanted, device=device),
        box=(int(x0), int(y0), int(x1), int(y1)),
    )
    look = _Look(
        colour=(face / prior.variance.sqrt()).clone(),
        shape=torch.from_numpy(code - own).to(device),
        light=torch.zeros(1, PRIOR_MAP, PRIOR_MAP, device=device),
    )
    return scene, look


def _shifts(frame: FaceFrame, crowd: People, shape: Points, count: int) -> NDArray[np.float32]:
    """Return (count, 478, 2): what a standard deviation of each component moves, frame pixels."""
    moved = (
        frame.frame_from_canonical.apply(shape + crowd.shape(unit))
        for unit in np.eye(count, dtype=np.float32)
    )
    return np.stack([(points - frame.landmarks)[:, :2] for points in moved]).astype(np.float32)


def _mouth(landmarks: Points, shifts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (2, S): by what share of itself each shift makes the mouth wider, and higher."""
    rows = []
    for one, other in MOUTH_ENDS:
        across = landmarks[other, :2] - landmarks[one, :2]
        rows.append((shifts[:, other] - shifts[:, one]) @ across / (across @ across))
    return np.stack(rows).astype(np.float32)


def _masks(landmarks: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (W, W) each: where the face is coloured, and its skin, which bears no steps of light.

    Between the lids less is coloured, and only as the skin around: a gaze of its own is seen at once.
    """
    mask = cv2.GaussianBlur(parts.ring(landmarks, FACE_OVAL, WORK, FACE), (0, 0), SOFT * WORK)
    skin = parts.skin(landmarks, WORK)
    for eye in parts.EYES:
        lids = cv2.GaussianBlur(parts.ring(landmarks, eye, WORK, 1.1), (0, 0), 0.006 * WORK)
        mask = mask * (1 - GAZE * lids)
        skin = np.maximum(skin, parts.ring(landmarks, eye, WORK, 1.3))
    skin = np.maximum(cv2.GaussianBlur(skin, (0, 0), SOFT * WORK), FEATURES)
    return mask.astype(np.float32), skin.astype(np.float32)


def _between(weights: Tensor, axis: int) -> Tensor:
    """Return the weights between neighbours along an axis."""
    size = weights.shape[axis]
    return (weights.narrow(axis, 1, size - 1) + weights.narrow(axis, 0, size - 1)) / 2


def _bends(landmarks: Points, shifts: Points, triangles: NDArray[np.int32]) -> Tensor:
    """Return (S, 2, W, W): from where each pixel is fetched, relative to itself, for each shift."""
    mesh = DrawnMesh(ringed(landmarks), triangles, (WORK, WORK))
    still = with_rings(landmarks)[:, :2]
    bends = []
    for shift in shifts:
        # The rings rest: what is around the face stays where it is.
        moved = still.copy()
        moved[:POINTS] -= shift
        bend = mesh.positions(moved) - mesh.positions(still)
        bend = cv2.GaussianBlur(bend, (0, 0), WORK / 160) * resting(WORK)[..., None]
        bends.append(bend.transpose(2, 0, 1))
    return torch.from_numpy(np.stack(bends).astype(np.float32))


def _on_face(change: Tensor, grid: Tensor, mask: Tensor) -> Tensor:
    """Return a change on the prior's map (3, M, M) where the face is, at the grid's size."""
    fine = F.interpolate(change[None], scale_factor=2, mode="bilinear", align_corners=False)
    laid = F.grid_sample(blurred(fine, 1.0), grid, align_corners=False, padding_mode="border")
    return laid * mask


def _bent(scene: _Scene, shape: Tensor, picture: Tensor) -> Tensor:
    """Return the picture (1, 3, W, W) with the face of another shape."""
    bend = torch.einsum("s,schw->chw", shape, scene.bends)
    line = torch.arange(WORK, device=bend.device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    at = torch.stack([x + bend[0], y + bend[1]], -1)
    grid = ((at + 0.5) * 2 / WORK - 1)[None]
    return F.grid_sample(picture, grid, mode="bicubic", align_corners=False, padding_mode="border")


def _edit(frame: FaceFrame, scene: _Scene, shape: Tensor, change: Tensor) -> FaceEdit:
    """Return the edit of the frame, of maps at up to SHOWN pixels a side."""
    side = min(frame.size, SHOWN)
    size = (side, side)
    moved = torch.einsum("s,schw->chw", shape, scene.bends)[None]
    moved = F.interpolate(moved * (side / WORK), size, mode="bilinear")[0]
    bend = np.ascontiguousarray(moved.permute(1, 2, 0).cpu().numpy())
    grid = F.interpolate(scene.grid.permute(0, 3, 1, 2), size, mode="bilinear").permute(0, 2, 3, 1)
    mask = F.interpolate(scene.mask, size, mode="bilinear")
    laid = torch.cat([_on_face(change, grid, mask), mask], 1)[0].permute(1, 2, 0).cpu().numpy()
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    laid = cv2.remap(
        np.ascontiguousarray(laid), columns + bend[..., 0], rows + bend[..., 1], cv2.INTER_LINEAR
    )
    reach = (np.abs(bend).max(axis=2) > 0.02) | (laid[..., 3] > 1 / 512)
    wide = cv2.dilate(reach.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return FaceEdit(
        mask=wide.astype(np.float32),
        displacement=(bend * (frame.size / side)).astype(np.float32),
        difference=np.ascontiguousarray(laid[..., :3]),
    )


def _coded(picture: Tensor) -> NDArray[np.uint8]:
    return (picture[0].permute(1, 2, 0).cpu().numpy() * 255).round().astype(np.uint8)
