"""Recipe of ``age``: the mean course of ageing, a ridge regression of faces on their age.

    python -m editing.training age

Wearers of spectacles are left out: the old wear them more often, and the mean would grow a ghost
of them. Hair and background are weighted out of tone and texture. The regression sees too little
of the effect (ages are judged with error, and faces are many), so each of its parts is multiplied
by a strength, chosen by looking at people that were learned from.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.faces.canonical import CanonicalFace, canonical_face
from editing.faces.maps import on_map, ringed
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.pose import pose_of
from editing.faces.topology import FACE_OVAL, POINTS
from editing.models import ModelStore
from editing.networks.age import BANDS, COURSE_MAP, age_basis
from editing.training.age_reader import target_ages
from editing.training.card import write_weights
from editing.training.data import Sample
from editing.training.frames import SIDE, Frames, rating, read_frames
from editing.training.spectacles import WEARERS
from editing.training.teacher import taught_ages

COVARIATES = (
    "gender", "happy", "skin-color", "weight", "black", "asian", "hispanic", "middle-eastern",
    "outdoors", "long-haired", "attractive",
)  # fmt: skip
PARTS = 4  # of ``age_basis``
RIDGE = (1.5, 3.0, 3.0, 3.0, 6.0)  # of the parts, and of age times gender
RIDGE_OTHERS = 3.0
TURNED = 28.0  # degrees of yaw beyond which a face is left out
YOUNG, OLD = (18, 30), (55, 100)

# Strength of each part of the basis, for shape, tone and texture.
MOVE_STRENGTH = (1.5, 1.6, 1.5, 0.9)
TONE_STRENGTH = (1.5, 1.2, 1.5, 0.7)
BAND_STRENGTH = (1.2, 0.9, 1.2, 0.5)
RELIEF_STRENGTH = (0.0, 2.0, 2.8, 3.4)

Maps = NDArray[np.float32]


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``age`` and their card into the folder ``out``."""
    cv2.setNumThreads(1)
    models = ModelStore(folder=out)
    canonical = canonical_face(models)
    frames = read_frames(folder, models)
    ages = target_ages(frames, taught_ages(frames, folder))
    poses = [pose_of(frames.laid(n, models).rotation) for n in range(len(frames.samples))]
    learn = np.array(
        [
            n
            for n in frames.learned()
            if frames.samples[n].collection == "omi"
            and int(frames.samples[n].name) not in WEARERS
            and abs(poses[n].yaw) < TURNED
        ]
    )
    pose = np.array([(poses[n].yaw, poses[n].pitch) for n in learn])
    told = Fit(ages[learn], [frames.samples[n] for n in learn], pose)
    shapes = np.stack([frames.laid(n, models).invert(frames.landmarks[n]) for n in learn])
    tone, energy, weight, tilt = _textures(frames, learn, canonical, folder)
    move = _movement(told.of_shapes(shapes, canonical), canonical)
    inside = _inside(canonical)
    relief, folds = _old_skin(energy, tilt, weight, ages[learn])
    tensors = {
        "move": move * _parts(MOVE_STRENGTH),
        "tone": _settled_tone(_outside(told.of_maps(tone, weight), inside)),
        "bands": _outside(told.of_maps(np.log(energy + 1e-6) / 2, weight), inside)
        * _parts(BAND_STRENGTH),
        "relief": relief,
        "folds": folds,
    }
    arranged = {
        key: torch.from_numpy(np.ascontiguousarray(np.moveaxis(value, -1, -3))).half()
        for key, value in tensors.items()
    }
    write_weights(
        out,
        "age",
        arranged,
        licence="CC-BY-NC-SA-4.0",
        summary="What age does to a face on average: shape, tone, texture and the run of wrinkles.",
        training_data=[
            "omi (CC BY-NC-SA 4.0, Peterson et al. 2022, PNAS 119(17) e2115228119)",
            "ages: the raters', mixed with those of the teacher of age_reader",
        ],
        measured={
            "people_learned_from": len(learn),
            "of_them_over_55": int((ages[learn] > 55).sum()),
        },
        limits=[
            "Few people over 60 and nobody over 75 was learned from: 80 is an extrapolation.",
            "Alone it misses the target by 9 years in the mean, and at 70 looks 15 too young: see"
            " age_change.",
            "One course for everybody: how a certain person will age it does not know.",
            "Wrinkles are drawn where old skin has them on average, not where this person's will be.",
        ],
    )


class Fit:
    """A weighted ridge of anything on age, with what else differs between people beside it."""

    def __init__(self, ages: Maps, people: list[Sample], pose: NDArray[np.float64]) -> None:
        rows = [[float(rating(s)[name]) for name in COVARIATES] for s in people]
        others = np.array(rows)
        others = (others - others.mean(axis=0)) / others.std(axis=0)
        basis = age_basis(torch.from_numpy(ages)).double().numpy()
        with_gender = others[:, :1] * basis[:, :1]
        yaw, pitch = pose[:, :1] / 15, pose[:, 1:] / 10
        sides = [
            np.hstack([basis, with_gender, np.ones_like(yaw), others, way * yaw, yaw**2, pitch])
            for way in (1, -1)
        ]
        # Every face is seen twice, as it is and mirrored.
        self.design = np.vstack(sides)
        counts = np.histogram(ages, np.arange(0, 110, 5))[0]
        chance = 1 / np.sqrt(counts[(ages // 5).astype(int)])
        self.weights = np.tile(chance / chance.mean(), 2)
        free = self.design.shape[1] - len(RIDGE) - 1
        self.ridge = 2 * np.diag([*RIDGE, 0.0, *[RIDGE_OTHERS] * free])

    def of_shapes(self, shapes: Maps, canonical: CanonicalFace) -> Maps:
        """Return (PARTS, 478, 3): what a unit of each part of the basis adds to the shape."""
        mirrored = shapes[:, canonical.mirror] * np.array([-1, 1, 1], np.float32)
        values = np.concatenate([shapes, mirrored]).reshape(len(self.design), -1)
        weighted = self.design * self.weights[:, None]
        found = np.linalg.solve(self.design.T @ weighted + self.ridge, weighted.T @ values)
        return found[:PARTS].reshape(PARTS, POINTS, 3).astype(np.float32)

    def of_maps(self, values: Maps, weight: Maps) -> Maps:
        """Return (PARTS, h, w, C): the same for every place of maps (N, h, w, C), weighted by place."""
        values = np.concatenate([values, values[:, :, ::-1]])
        weight = np.concatenate([weight, weight[:, :, ::-1]])
        found = np.empty((PARTS, *values.shape[1:]), np.float32)
        for row in range(values.shape[1]):
            found[:, row] = self._of_row(values[:, row].astype(np.float64), weight[:, row])
        return found

    def _of_row(self, values: NDArray[np.float64], weight: Maps) -> NDArray[np.float64]:
        weights = weight * self.weights[:, None]
        normal = np.einsum("ni,nx,nj->xij", self.design, weights, self.design, optimize=True)
        normal += self.ridge + 1e-3 * np.eye(self.design.shape[1])

        def solved(of: NDArray[np.float64]) -> NDArray[np.float64]:
            right = np.einsum("ni,nx,nxc->xic", self.design, weights, of, optimize=True)
            return np.linalg.solve(normal, right)

        first = solved(values)
        fitted = np.einsum("ni,xic->nxc", self.design, first)
        gap = values - fitted
        total = np.maximum(weights.sum(axis=0), 1e-3)[:, None]
        spread = np.sqrt((weights[..., None] * gap**2).sum(axis=0) / total) + 1e-4
        # Once more without what stands out: a fringe, a shadow, a hand.
        again = solved(fitted + np.clip(gap, -2 * spread, 2 * spread))
        return again[:, :PARTS].transpose(1, 0, 2)


def _textures(
    frames: Frames, learn: NDArray[np.int64], canonical: CanonicalFace, folder: Path
) -> tuple[Maps, Maps, Maps, Maps]:
    """Return of every face on the canonical map: log tone (N, h, w, 3), energy of each octave
    (N, h, w, BANDS), how much a place counts (N, h, w), and its structure tensor (N, h, w, 3)."""
    person = np.load(folder / "person.npy", mmap_mode="r")
    with np.load(folder / "hair.npz") as kept:
        hair = kept["hair"]
    mesh = DrawnMesh(ringed(on_map(canonical.shape, SIDE)), canonical.triangles, (SIDE, SIDE))
    found: list[tuple[Maps, Maps, Maps, Maps]] = []
    for n in learn:
        positions = mesh.positions(with_rings(frames.landmarks[n]))

        def laid(picture: NDArray[np.uint8], positions: Maps = positions) -> Maps:
            big = cv2.resize(np.ascontiguousarray(picture), (SIDE, SIDE))
            border = cv2.BORDER_REPLICATE if picture.ndim == 3 else cv2.BORDER_CONSTANT
            moved = cv2.remap(big, positions, None, cv2.INTER_LINEAR, borderMode=border)
            return moved.astype(np.float32) / 255

        picture = laid(frames.pictures[n])
        small = _reduced(picture)
        level = small[45:95, 40:88].mean()
        bare = np.clip(1 - 1.5 * cv2.GaussianBlur(laid(hair[n]), (0, 0), 6), 0, 1)
        whose = np.clip((_reduced(laid(person[n])) - 0.5) * 2, 0, 1)
        energy, tilt = _detail(picture.mean(axis=2))
        found.append((np.log((small + 0.02) / level), energy, whose * _reduced(bare), tilt))
    tone, energies, weight, tilts = (np.stack(part) for part in zip(*found, strict=True))
    return tone, energies, weight, tilts


def _reduced(values: Maps) -> Maps:
    size = (COURSE_MAP, COURSE_MAP)
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _detail(bright: Maps) -> tuple[Maps, Maps]:
    """Return the local energy of each octave relative to the brightness, and the structure tensor."""
    local = cv2.GaussianBlur(bright, (0, 0), 12) + 0.05
    levels = [bright] + [cv2.GaussianBlur(bright, (0, 0), 2.0**n) for n in range(BANDS)]
    octaves = [((levels[n] - levels[n + 1]) / local) ** 2 for n in range(BANDS)]
    energy = np.stack([_reduced(cv2.GaussianBlur(o, (0, 0), 5)) for o in octaves], axis=2)
    smooth = cv2.GaussianBlur(np.clip(bright / local, 0.3, 1.7), (0, 0), 2)
    x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    steep = x * x + y * y
    # Edges of eyes and nostrils would drown the skin's own lines.
    calm = np.minimum(1, np.percentile(steep, 92) / (steep + 1e-9))
    products = [x * x * calm, x * y * calm, y * y * calm]
    tensor = np.stack([_reduced(cv2.GaussianBlur(p, (0, 0), 5)) for p in products], axis=2)
    return energy, tensor


def _old_skin(energy: Maps, tilt: Maps, weight: Maps, ages: Maps) -> tuple[Maps, Maps]:
    """Return the relief that old skin has and young has not (h, w, BANDS), and its lines (h, w, 2)."""

    def mean(values: Maps, chosen: NDArray[np.bool_]) -> Maps:
        values = np.concatenate([values[chosen], values[chosen][:, :, ::-1]])
        counts = np.concatenate([weight[chosen], weight[chosen][:, :, ::-1]])[..., None]
        capped = np.minimum(values, np.percentile(values, 85, axis=0))
        return (capped * counts).sum(axis=0) / np.maximum(counts.sum(axis=0), 1e-3)

    old, young = ((ages > low) & (ages < high) for low, high in (OLD, YOUNG))
    relief = np.sqrt(np.maximum(mean(energy, old) - mean(energy, young), 0))
    lined = ages > 48
    tensor = (tilt[lined] * weight[lined][..., None]).sum(axis=0)
    tensor /= np.maximum(weight[lined].sum(axis=0), 1)[..., None]
    mirrored = tensor[:, ::-1] * np.array([1, -1, 1], np.float32)
    xx, xy, yy = np.moveaxis((tensor + mirrored) / 2, -1, 0)
    folds = np.stack([xx - yy, 2 * xy], axis=2) / (xx + yy + 1e-6)[..., None]
    return relief * np.array(RELIEF_STRENGTH, np.float32), folds


def _inside(canonical: CanonicalFace) -> NDArray[np.bool_]:
    outline = np.round(on_map(canonical.shape, COURSE_MAP)[list(FACE_OVAL), :2] * 16)
    mask = np.zeros((COURSE_MAP, COURSE_MAP), np.uint8)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 1, shift=4)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0


def _outside(maps: Maps, inside: NDArray[np.bool_]) -> Maps:
    """Return the maps with the lower cheeks' mean outside the face: nothing else is known there."""
    low = inside & (np.arange(COURSE_MAP)[:, None] > 70)
    mean = maps[:, low].mean(axis=1)[:, None, None]
    filled = np.where(inside[None, ..., None], maps, mean)
    return np.stack([cv2.GaussianBlur(one, (0, 0), 1.6) for one in filled])


def _settled_tone(tone: Maps) -> Maps:
    """Return the tone with its broad part, which hair and light leak into, held back."""
    broad = np.stack([cv2.GaussianBlur(one, (0, 0), 6) for one in tone])
    fine = tone - broad
    grey = fine.mean(axis=-1, keepdims=True)
    held = np.minimum(0.3 * broad, 0.1) + grey + 0.5 * (fine - grey)
    return held * _parts(TONE_STRENGTH)


def _movement(shapes: Maps, canonical: CanonicalFace) -> Maps:
    """Return (PARTS, h, w, 3): how each place of the canonical map moves, at rest far outside."""
    points = on_map(canonical.shape, COURSE_MAP)
    size = (COURSE_MAP, COURSE_MAP)
    mesh = DrawnMesh(ringed(points), canonical.triangles, size)
    moves = np.zeros((PARTS, *size, 3), np.float32)
    for part, shape in enumerate(shapes):
        rings = [shape[list(FACE_OVAL)] * follow for follow in (0.55, 0.15, 0.0)]
        everywhere = np.concatenate([shape, *rings]).astype(np.float32)
        # The mesh tells of two coordinates at a time.
        flat, deep = (mesh.positions(everywhere[:, list(two)]) for two in ((0, 1), (2, 2)))
        moves[part, ..., :2], moves[part, ..., 2] = flat, deep[..., 0]
        moves[part][~mesh.inside] = 0
        moves[part] = cv2.GaussianBlur(moves[part], (0, 0), 1)
    return moves


def _parts(strength: tuple[float, ...]) -> Maps:
    return np.array(strength, np.float32)[:, None, None, None]
