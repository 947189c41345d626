"""Labels of hair without a person who labels: GrabCut inside the person, seeded by the landmarks.

Rother, Kolmogorov & Blake, "GrabCut", SIGGRAPH 2004. Each label is rough; a network learned from a
thousand of them is better than any one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.topology import FACE_OVAL

SIDE = 160
CHIN, BROWS = 152, (105, 334)

Mask = NDArray[np.bool_]


def label_hair(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], person: NDArray[np.uint8]
) -> NDArray[np.uint8] | None:
    """Return uint8 (160, 160), 255 where hair is; None where it cannot be told.

    Args:
        picture: uint8 (S, S, 3), RGB, a frame.
        landmarks: (478, 3), pixels of it.
        person: uint8, any size, 255 where the person is.
    """
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(person, (SIDE, SIDE), interpolation=cv2.INTER_AREA) > 128
    points = (landmarks[:, :2] + 0.5) * SIDE / picture.shape[0] - 0.5
    irises = float(np.linalg.norm(points[468] - points[473]))
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    chin, brow = points[CHIN], float(points[list(BROWS), 1].mean())
    eyes = float((points[468, 1] + points[473, 1]) / 2)
    oval = points[list(FACE_OVAL)]
    inner, outer, wide = (_scaled(oval, scale) for scale in (0.92, 1.12, 1.45))

    labels = np.full((SIDE, SIDE), cv2.GC_PR_BGD, np.uint8)
    labels[inside & ~outer & (rows < chin[1])] = cv2.GC_PR_FGD
    labels[inside & ~outer & (rows < brow)] = cv2.GC_FGD
    labels[inner & (rows > brow - 0.1 * irises)] = cv2.GC_BGD
    labels[~inside] = cv2.GC_BGD
    neck = (np.abs(columns - chin[0]) < 0.45 * irises) & (rows > chin[1] - 0.1 * irises)
    labels[neck] = cv2.GC_BGD
    sure = labels == cv2.GC_FGD
    skin = inner & (rows > eyes + 0.3 * irises) & (rows < chin[1] - 0.5 * irises)
    top = inside & wide & ~outer & (rows < brow - 0.4 * irises)
    if sure.sum() < 60 or top.sum() < 30 or not skin.any():
        return None
    if _is_bald(small, top, skin):
        return None
    return _cut(small, labels, inside, sure, skin)


def _scaled(oval: NDArray[np.float32], scale: float) -> Mask:
    middle = oval.mean(axis=0)
    outline = np.round(((oval - middle) * scale + middle) * 16).astype(np.int32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [outline], 1, shift=4)
    return mask > 0


def _is_bald(picture: NDArray[np.uint8], top: Mask, skin: Mask) -> bool:
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    apart = np.median(lab[top], axis=0) - np.median(lab[skin], axis=0)
    return bool(np.abs(apart).max() < 14 and np.linalg.norm(apart) < 18)


def _cut(
    picture: NDArray[np.uint8], labels: NDArray[np.uint8], inside: Mask, sure: Mask, skin: Mask
) -> NDArray[np.uint8] | None:
    # The scene behind is painted with skin, so that "not hair" means skin and clothes.
    scene = picture.copy()
    scene[~inside] = np.median(picture[skin], axis=0).astype(np.uint8)
    behind, before = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.grabCut(scene, labels, None, behind, before, 4, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return None
    hair = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)) & inside
    # Only what hangs together with the top of the head.
    _, parts = cv2.connectedComponents(hair.astype(np.uint8))
    kept = np.unique(parts[sure & hair])
    return (np.isin(parts, kept[kept > 0]) * 255).astype(np.uint8)
