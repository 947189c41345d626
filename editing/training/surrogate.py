"""Recipe of ``surrogate``: how faces differ between people, and a gallery of nobody.

    python -m editing.training surrogate

All of it is learned from ``omi``, whose people were made by a generator and do not exist. Shapes
are regressed on expression first, so that what is left is the person's. Features are learned from
those who wear no spectacles, are turned little and stand in no harsh light; what hair hides, or the
turned head, is taken from the other half of the face, or from everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from editing.engines.native.looks import chip
from editing.engines.native.membrane import closed
from editing.engines.native.people import (
    BANDS,
    FOLD,
    TRAITS,
    WIDEST,
    People,
    bands,
    inside,
    packed,
    unpacked,
)
from editing.engines.native.surrogate import Source, nobodies
from editing.faces import parts
from editing.faces.align import FaceFrame, resized
from editing.faces.canonical import CanonicalFace, canonical_face, fit_face
from editing.faces.close import (
    HEIGHT,
    LEFT,
    TOP,
    UNIT,
    WHOLE,
    WIDTH,
    close_mesh,
    close_points,
    lay_close,
    oval_on_close,
    parted,
    skin_on_close,
)
from editing.faces.hair import hair_of
from editing.faces.light import brightness
from editing.faces.maps import on_map
from editing.faces.mesh import DrawnMesh, with_rings
from editing.faces.topology import LEFT_BROW, LIPS_OUTER, RIGHT_BROW
from editing.models import ModelStore
from editing.networks.fill import ATTRIBUTES
from editing.networks.recogniser import Recogniser
from editing.training.attributes import attributes
from editing.training.card import write_weights
from editing.training.frames import SIDE, Frames, read_frames

SHAPES = 40  # components of shape
COMPONENTS = 160  # of features
EXPRESSION = ("smile", "mouth_open")
HIDDEN = 0.3  # of hair from which on skin is not seen
FLAT = 0.35  # of its area on the canonical face, below which a turned place shows too little
# Logarithm of brightness beyond which what is on a forehead is a lock of hair; pixels beside brows.
WISP, BESIDE = 0.15, 3
GLOW = 0.25  # the same of what is at the rim of a face and bright: background, hair in the sun
MOST_FRINGE = 0.4  # of the forehead
LOUDEST = 0.3**2  # energy of detail, logarithms, beyond which it is a lock of hair or an edge
MOST_GAIN = 3.0
MOST_HIDDEN, HARSHEST = 0.16, 0.7  # share of a face; quantile of what differs between its halves
GALLERY = "surrogate-gallery.npz"
SEEN = 320  # pixels a side at which the recogniser looks


@dataclass(frozen=True, slots=True)
class Gallery:
    """N faces on the close map: uint8 ``faces``, where they are hidden, and dlib's descriptors."""

    index: NDArray[np.int64]
    faces: NDArray[np.uint8]
    hidden: NDArray[np.bool_]
    descriptors: NDArray[np.float32]


def train(out: Path, folder: Path = Path("var/training")) -> None:
    """Write the weights ``surrogate``."""
    models = ModelStore(folder=out)
    frames = read_frames(folder, models)
    known = attributes(frames, models)
    learn = np.array([n for n in frames.learned() if frames.samples[n].collection == "omi"])
    shapes = _shapes(frames, learn, models)
    smiling = np.nan_to_num(
        known[learn][:, [ATTRIBUTES.index(name) for name in EXPRESSION]], nan=0.3
    )
    design = np.concatenate([np.ones((len(learn), 1)), smiling], axis=1)
    effect = np.linalg.lstsq(design, shapes, rcond=None)[0]
    own = shapes - design @ effect
    _, values, basis = np.linalg.svd(own, full_matrices=False)
    spread = values[:SHAPES] / np.sqrt(len(learn))
    kept = float((values[:SHAPES] ** 2).sum() / (values**2).sum())
    bare = learn[known[learn, ATTRIBUTES.index("spectacles")] < 0.5]
    gallery = _gallery(frames, bare, folder, models)
    rows, tones, chosen = _features(gallery, models)
    mean = rows.mean(axis=0)
    gram = (rows - mean) @ (rows - mean).T
    powers, vectors = np.linalg.eigh(gram)
    powers, vectors = powers[::-1], vectors[:, ::-1]
    texture = ((rows - mean).T @ (vectors[:, :COMPONENTS] / np.sqrt(powers[:COMPONENTS]))).T
    step = np.abs(texture).max(axis=1) / 127
    texture = np.round(texture / step[:, None])
    codes = (rows - mean) @ (texture * step[:, None]).T
    at = gallery.index[chosen]
    traits = np.array([known[at, ATTRIBUTES.index(name)] for name in TRAITS[:5]]).T
    traits = np.concatenate([np.nan_to_num(traits, nan=0.0), tones], axis=1)
    own_of = dict(zip(learn.tolist(), own, strict=True))
    codes_of_shape = np.array([own_of[n] for n in at.tolist()]) @ basis[:SHAPES].T / spread
    crowd = People(
        effect=effect,
        basis=basis[:SHAPES],
        spread=spread,
        mean=mean,
        texture=texture * step[:, None],
        codes=codes,
        shapes=_twice(codes_of_shape.clip(-WIDEST, WIDEST)),
        descriptors=_twice(gallery.descriptors[chosen]),
        traits=_twice(traits),
        gains=np.ones((len(BANDS), HEIGHT, WIDTH), np.float32),
        oval=inside(canonical_face(models)),
    )
    write_weights(
        out,
        "surrogate",
        {
            "effect": torch.from_numpy(effect).half(),
            "basis": torch.from_numpy(basis[:SHAPES]).half(),
            "spread": torch.from_numpy(spread).float(),
            "mean": torch.from_numpy(mean).half(),
            "texture": torch.from_numpy(texture).to(torch.int8),
            "step": torch.from_numpy(step).float(),
            "codes": torch.from_numpy(codes).half(),
            "shapes": torch.from_numpy(crowd.shapes).half(),
            "descriptors": torch.from_numpy(crowd.descriptors).half(),
            "traits": torch.from_numpy(crowd.traits).half(),
            "gains": torch.from_numpy(_gains(rows, crowd)).half(),
        },
        licence="CC-BY-NC-SA-4.0",
        summary="how faces differ between people, and a gallery of synthetic people to mix",
        training_data=["omi (CC BY-NC-SA 4.0): synthetic people"],
        measured={
            "people": f"shapes of {len(learn)}, features of {len(chosen)} synthetic people",
            "shape_variance_kept": round(kept, 3),
            "feature_variance_kept": round(float(powers[:COMPONENTS].sum() / powers.sum()), 3),
        },
        limits=["adults seen from the front, few over 80", "shape in the photo's plane, mostly"],
    )


def _gains(rows: NDArray[np.float32], crowd: People) -> NDArray[np.float32]:
    """Return (BANDS, HEIGHT / FOLD, WIDTH / FOLD): by how much stronger the detail of one face is than
    that of a mixture.
    """
    random = np.random.default_rng(0)
    count = len(rows) // 2
    real, mixed = (np.zeros((len(BANDS), HEIGHT, WIDTH)) for _ in range(2))
    for n in range(count):
        like = Source(crowd.traits[n], crowd.shapes[n], crowd.codes[n], wears=False)
        mixture = nobodies(like, {}, random, crowd, None)[0]
        for energy, row in ((real, rows[n]), (mixed, crowd.mean + mixture.code @ crowd.texture)):
            energy += np.square(bands(unpacked(row, crowd.oval).mean(axis=2))).clip(0, LOUDEST)
    soft = [
        [cv2.GaussianBlur(band * crowd.oval, (0, 0), 2 * FOLD) for band in energy]
        for energy in (real, mixed)
    ]
    gains = np.sqrt(np.array(soft[0]) / np.maximum(soft[1], 1e-9)).clip(1, MOST_GAIN)
    coarse = (WIDTH // FOLD, HEIGHT // FOLD)
    small = [cv2.resize(gain, coarse, interpolation=cv2.INTER_AREA) for gain in gains]
    return np.stack(small).astype(np.float32)


def _forehead(canonical: CanonicalFace) -> NDArray[np.bool_]:
    """Return bool (HEIGHT, WIDTH): where above the brows only skin is even."""
    brow = close_points(canonical)[list(RIGHT_BROW + LEFT_BROW), 1].min() - BESIDE
    found: NDArray[np.bool_] = oval_on_close(canonical, 0.95) > 0.5
    return found & (np.arange(HEIGHT)[:, None] < brow)


def _fading(canonical: CanonicalFace) -> NDArray[np.float32]:
    """Return (HEIGHT, WIDTH): by how much features count. At the temples and the hair line a face has
    none of its own: what was seen there is hair or what is behind. Beards reach the rim.
    """
    deep = cv2.GaussianBlur(oval_on_close(canonical, 0.86), (0, 0), 0.07 * UNIT)
    mouth = close_points(canonical)[LIPS_OUTER[0], 1]
    below = np.clip((np.arange(HEIGHT) - mouth) / (0.2 * UNIT) + 1, 0, 1)[:, None]
    return np.maximum(deep, below).astype(np.float32)


def _twice(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the rows of the people, and the same of their mirror images."""
    return np.concatenate([rows, rows])


def _shapes(frames: Frames, learn: NDArray[np.int64], models: ModelStore) -> NDArray[np.float64]:
    """Return (N, 1434): canonical shapes, half themselves and half their mirror images."""
    canonical = canonical_face(models)
    rows = []
    for n in learn:
        points = frames.landmarks[n]
        shape = fit_face(canonical, points).invert(points)
        other = shape[canonical.mirror] * np.array([-1, 1, 1], np.float32)
        # A turned head is seen as a crooked face: both together stand straight.
        rows.append(((shape + other) / 2).ravel())
    return np.array(rows, np.float64)


def _gallery(frames: Frames, index: NDArray[np.int64], folder: Path, models: ModelStore) -> Gallery:
    """Return the faces laid on the close map, once and kept in ``folder``."""
    file = folder / GALLERY
    if not file.is_file():
        laid = [_laid(frames, int(n), models) for n in index]
        faces, hidden, descriptors = (np.stack(column) for column in zip(*laid, strict=True))
        np.savez(file, index=index, faces=faces, hidden=hidden, descriptors=descriptors)
    with np.load(file) as kept:
        return Gallery(**dict(kept))


def _laid(
    frames: Frames, n: int, models: ModelStore
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float32]]:
    canonical = canonical_face(models)
    mesh = close_mesh(models)
    picture, points = frames.pictures[n].astype(np.float32) / 255, frames.landmarks[n]
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None]
    laid = frames.laid(n, models)
    hair = lay_close(
        hair_of(FaceFrame(pixels, np.eye(3), points, laid, (SIDE, SIDE)), models), points, mesh
    )
    brows = cv2.dilate(parts.brows(on_map(canonical.shape, WHOLE), WHOLE), np.ones((7, 7)))
    hair = hair * (1 - brows[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH])
    flat = _area(mesh, points) * (UNIT * 2 / laid.scale) ** 2 < FLAT
    hidden = cv2.dilate(((hair > HIDDEN) | flat).astype(np.uint8), np.ones((5, 5))) > 0
    small = cv2.resize(picture, (SEEN, SEEN), interpolation=cv2.INTER_AREA)
    seen = torch.from_numpy(small).permute(2, 0, 1)[None]
    with torch.inference_mode():
        network = models.network("recogniser", Recogniser)
        descriptor = network(chip(seen, resized(points, SEEN / SIDE)[:, :2]))[0]
    face = (lay_close(picture, points, mesh) * 255).round().astype(np.uint8)
    return face, hidden, descriptor.numpy()


def _area(mesh: DrawnMesh, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (HEIGHT, WIDTH): the area in the picture of a pixel; negative where it is turned away."""
    at = mesh.positions(with_rings(points))
    down, across = np.gradient(at, axis=0), np.gradient(at, axis=1)
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    area = cv2.GaussianBlur(area.astype(np.float32), (0, 0), 3)
    return cv2.resize(area, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


def _features(
    gallery: Gallery, models: ModelStore
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return packed features (2 M, D) of the M people that are fit for it and of their mirror images,
    the colour of their skin (M, 2), and which of the gallery they are (M,).
    """
    canonical = canonical_face(models)
    oval, skin = inside(canonical), skin_on_close(canonical)
    everywhere = gallery.hidden & oval
    forehead, rim = _forehead(canonical), oval & (oval_on_close(canonical, 0.85) < 0.5)
    fringe = []
    for hidden, face in zip(everywhere, gallery.faces, strict=True):
        _, own = parted(face.astype(np.float32) / 255, skin * ~hidden)
        wisps = (np.abs(cv2.GaussianBlur(brightness(own), (0, 0), 1.2)) > WISP) & forehead
        glows = (cv2.GaussianBlur(own, (0, 0), 1.2).max(axis=2) > GLOW) & rim
        found = cv2.dilate((wisps | glows).astype(np.uint8), np.ones((9, 9))) > 0
        hidden |= found & ((skin > 0.5) | rim)
        fringe.append((hidden & forehead).sum() / forehead.sum())
    features, tones, unlike = [], [], []
    for face, hidden in zip(gallery.faces, everywhere, strict=True):
        light, own = parted(face.astype(np.float32) / 255, skin * ~hidden)
        both = (skin > 0.5) & ~hidden & ~hidden[:, ::-1]
        grey = brightness(cv2.GaussianBlur(own, (0, 0), 3))
        unlike.append(float(np.std((grey - grey[:, ::-1])[both])) if both.any() else np.inf)
        red, green, blue = np.median(light[skin > 0.5], axis=0)
        tones.append(((red + green + blue) / 3, red - blue))
        features.append(own)
    covered = everywhere.sum(axis=(1, 2)) / oval.sum()
    chosen = np.flatnonzero(
        (covered < MOST_HIDDEN)
        & (np.array(fringe) < MOST_FRINGE)
        & (np.array(unlike) < np.quantile(unlike, HARSHEST))
    )
    seen = np.where(everywhere[chosen, ..., None], np.nan, np.stack(features)[chosen])
    usual = np.nanmedian(np.concatenate([seen, seen[:, :, ::-1]]), axis=0)
    other = np.where(np.isnan(seen[:, :, ::-1]), usual, seen[:, :, ::-1])
    whole = [
        closed(one, np.where(gone[..., None], 0, own).astype(np.float32), gone)
        for one, own, gone in zip(other.astype(np.float32), seen, everywhere[chosen], strict=True)
    ]
    faded = _fading(canonical)[..., None]
    rows = [packed(one * faded, oval) for one in (*whole, *(one[:, ::-1] for one in whole))]
    return np.stack(rows), np.array(tones, np.float32)[chosen], chosen
