"""Recipe of an attribute that is added to ``inpaint``, from photos with it and photos without.

    python -m editing.training attribute dimples --region mouth --positive DIR --negative DIR

The frozen ``face_prior`` is not touched: a ridge regression reads the attribute from its
coefficients. Restart Mien to offer it; delete the file to take it back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editing.attributes import AddedAttribute, attributes_folder
from editing.command.source import read_photo
from editing.engines.native.fill import face_prior, lay, likely
from editing.errors import EditingError
from editing.evaluate.folder import find_photos
from editing.faces.align import align
from editing.faces.detect import detect_faces
from editing.models import ModelStore

FEWEST = 5  # faces of each kind
SIDE = 512
# Few photos and 320 coefficients: the first ones only, and a firm ridge.
COMPONENTS, RIDGE = 96, 20.0


def make(name: str, region: str, positive: Path, negative: Path) -> Path:
    """Write the attribute's file and return its path.

    Raises:
        ValueError: too few faces were found in a folder, or the name or region is not allowed.
    """
    models = ModelStore()
    white = []
    for folder in (positive, negative):
        found = _coefficients(folder, models)
        if len(found) < FEWEST:
            raise ValueError(
                f"{folder}: {len(found)} faces were found, at least {FEWEST} are wanted"
            )
        white.append(found)
    x = np.concatenate(white)
    y = np.concatenate([np.ones(len(white[0])), np.zeros(len(white[1]))])
    row, middle, errors, told_apart = _ridge(x, y)
    root = face_prior(models).variance.sqrt().cpu().numpy()
    full = np.zeros(len(root))
    full[:COMPONENTS] = row / root[:COMPONENTS]
    made = AddedAttribute.model_validate(
        {
            "name": name,
            "region": region,
            "row": [round(float(value), 6) for value in full],
            "middle": float(middle),
            "doubt": max(float(errors.std()), 0.05),
            "positive": len(white[0]),
            "negative": len(white[1]),
            "told_apart": round(told_apart, 3),
        }
    )
    path = attributes_folder() / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.model_dump_json(indent=1) + "\n")
    return path


def _coefficients(folder: Path, models: ModelStore) -> NDArray[np.float64]:
    """Return (N, 96), whitened, of the largest face of every photo that has one."""
    root = face_prior(models).variance.sqrt().cpu()
    rows = []
    for path in find_photos(folder):
        try:
            photo = read_photo(path)
            faces = detect_faces(photo, models)
        except EditingError:
            continue
        if not faces:
            continue
        frame = align(photo, faces[0], models, SIDE)
        nothing = np.zeros((frame.size, frame.size), np.bool_)
        code = likely(lay(frame.picture(), nothing, frame.landmarks, models), models, {})
        rows.append((code.cpu() / root)[:COMPONENTS].numpy().astype(np.float64))
    return np.array(rows).reshape(-1, COMPONENTS)


def _ridge(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64], float]:
    """Return row, middle, the errors of photos left out, and the share of them read rightly."""
    middle = float(y.mean() - x.mean(axis=0) @ _solved(x, y))
    read = np.empty(len(y))
    for n in range(len(y)):
        others = np.arange(len(y)) != n
        row = _solved(x[others], y[others])
        read[n] = y[others].mean() + (x[n] - x[others].mean(axis=0)) @ row
    return _solved(x, y), middle, y - read, float(((read > 0.5) == (y > 0.5)).mean())


def _solved(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = x - x.mean(axis=0)
    penalty = RIDGE * np.eye(x.shape[1])
    solved: NDArray[np.float64] = np.linalg.solve(
        centred.T @ centred + penalty, centred.T @ (y - y.mean())
    )
    return solved
