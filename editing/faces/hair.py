"""The hair of a head, without the forehead that the head network takes along."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editing.faces.align import FaceFrame
from editing.faces.light import brightness
from editing.faces.parts import eye_distance, ring
from editing.faces.regions import fitted_to, head_regions
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore

WORK = 512
CHEEKS = (50, 280, 101, 330)  # right below the eyes, where no beard grows
BARE = (*CHEEKS, 9, 8, 195)  # and between the brows, and on the nose
# Distances between the irises: how wide a spot of skin is, how far beyond the oval skin and hair are told
# apart, from where on hair is hair, and how deep in it.
SPOT, ASIDE, BEYOND, DEEP = 0.12, 0.45, 0.4, 0.06
EDGE = 0.15  # over which telling them apart ends
# The least spread of a colour, of hair and of skin: of the logarithm of its brightness, light and shade
# being what they are, and of red's and blue's share.
SPREAD = np.array([0.35, 0.02, 0.02], np.float32)
DOUBT = 4.0  # logarithm of how much likelier skin has to be
LEAST = 400  # pixels of a 512-pixel frame of which hair's colour can be told

FloatMap = NDArray[np.float32]


def hair_of(frame: FaceFrame, models: ModelStore) -> FloatMap:
    """Return float32 (S, S) in [0, 1]: the hair of the head.

    Raises:
        WeightsUnavailable: the head network is not there.
    """
    size = min(frame.size, WORK)
    scale = size / frame.size
    picture = cv2.resize(frame.picture(), (size, size), interpolation=cv2.INTER_AREA)
    regions = head_regions(frame, models)
    person, hair = (sharper(fitted_to(picture, m)) for m in (regions.person, regions.hair))
    landmarks = frame.landmarks * scale
    oval = cv2.GaussianBlur(ring(landmarks, FACE_OVAL, size, 0.97), (0, 0), size / 100)
    hair = apart_from_skin(
        hair * person, picture, cheek_colour(picture, landmarks), oval, eye_distance(landmarks)
    )
    hair = apart_by_colour(hair, picture, landmarks, oval)
    grown = cv2.resize(hair, (frame.size, frame.size), interpolation=cv2.INTER_LINEAR)
    return grown.astype(np.float32)


def cheek_colour(picture: FloatMap, landmarks: NDArray[np.float32]) -> FloatMap:
    """Return (3,), RGB: the colour of the cheeks."""
    size = picture.shape[0]
    spots = np.zeros((size, size), np.uint8)
    radius = max(1, round(0.12 * eye_distance(landmarks)))
    for x, y in landmarks[list(CHEEKS), :2]:
        cv2.circle(spots, (round(float(x)), round(float(y))), radius, 1, -1)
    return np.array(cv2.mean(picture, spots)[:3], np.float32)


def apart_from_skin(
    hair: FloatMap, picture: FloatMap, cheek: FloatMap, oval: FloatMap, irises: float
) -> FloatMap:
    """Return the hair without what has the colour of the cheeks in and beside the face's oval."""
    unlike = brightness(np.abs(picture - cheek)) / max(float(cheek.mean()), 0.05)
    side = 2 * round(0.3 * irises / 4) + 1
    # So wide a reach is told by a sixteenth of the pixels as well.
    small = cv2.resize(oval, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    small = cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    around = cv2.resize(small, oval.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return (hair * (1 - around * np.clip(1.8 - unlike / 0.2, 0, 1))).astype(np.float32)


def without_scalp(hair: FloatMap, picture: FloatMap, cheek: FloatMap) -> FloatMap:
    """Return the hair without bald skin: what has the colour of the cheeks and no strands.

    Strands are told by how much the brightness changes over two pixels of a 512-pixel frame.
    """
    bright = brightness(picture)
    fine = bright - cv2.GaussianBlur(bright, (0, 0), 2)
    strands = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 5)) / np.maximum(bright, 0.05)
    level = float(cheek.mean())
    hue = brightness(np.abs(picture / np.maximum(bright, 0.02)[..., None] - cheek / level))
    alike = np.clip(2 - hue / 0.1, 0, 1) * np.clip((bright / level - 0.45) / 0.25, 0, 1)
    bald = alike * np.clip(2 - strands / 0.018, 0, 1)
    return (hair * (1 - cv2.GaussianBlur(bald.astype(np.float32), (0, 0), 3))).astype(np.float32)


def apart_by_colour(
    hair: FloatMap, picture: FloatMap, landmarks: NDArray[np.float32], oval: FloatMap
) -> FloatMap:
    """Return the hair without skin beside the face: what has rather the colours of this face's skin than of
    this head's hair.

    The head network takes the forehead along, and a forehead in the shadow of hair is darker than cheeks
    are. Both colours are normal distributions of brightness and chromaticity, which this picture tells;
    where they are nearly the same, blond hair beside fair skin, nothing is taken away.

    Args:
        hair: (S, S), 0 to 1.
        picture: (S, S, 3), RGB in [0, 1].
        landmarks: (478, 3), pixels of it.
        oval: (S, S), the face, 0 to 1.
    """
    irises = eye_distance(landmarks)
    face = (oval > 0.5).astype(np.uint8)
    away = cv2.distanceTransform(1 - face, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / irises
    deep = cv2.distanceTransform((hair > 0.9).astype(np.uint8), cv2.DIST_L2, 3) / irises
    inside = (deep > DEEP) & (away > BEYOND)
    if inside.sum() < LEAST * (len(hair) / WORK) ** 2:
        return hair
    spots = np.zeros_like(face)
    for x, y in landmarks[list(BARE), :2]:
        cv2.circle(spots, (round(float(x)), round(float(y))), round(SPOT * irises), 1, -1)
    colours = _colours(picture)
    of_hair, of_skin = (_unlikeness(colours, colours[m]) for m in (inside, spots > 0))
    skin = 1 / (1 + np.exp(np.clip((of_skin - of_hair) / 2 + DOUBT, -30, 30)))
    skin = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 1.5)
    zone = np.clip((ASIDE - away) / EDGE + 0.5, 0, 1)
    return (hair * (1 - skin * zone)).astype(np.float32)


def _colours(picture: FloatMap) -> FloatMap:
    """Return (S, S, 3): the logarithm of the brightness, and red's and blue's share of it."""
    calm = cv2.GaussianBlur(picture, (0, 0), 1.0) + np.float32(0.02)
    total = calm.sum(axis=2)
    return np.dstack([np.log(total), calm[..., 0] / total, calm[..., 2] / total]).astype(np.float32)


def _unlikeness(colours: FloatMap, known: FloatMap) -> FloatMap:
    """Return (S, S): -2 times the logarithm of how likely a colour is, but for a constant, from pixels
    (N, 3) most of which are what is meant."""
    away = np.abs(known - np.median(known, axis=0))
    near = known[(away <= 3 * np.median(away, axis=0) + SPREAD / 2).all(axis=1)]
    covariance = np.cov(near.T) + np.diag(SPREAD**2)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    white = cv2.transform(colours - near.mean(axis=0), whiten.astype(np.float32))
    found: FloatMap = (white * white).sum(axis=2) + np.float32(np.linalg.slogdet(covariance)[1])
    return found


def sharper(mask: FloatMap) -> FloatMap:
    """Return a mask without the haze that the guided filter leaves beside an edge."""
    return np.clip((mask - 0.35) / 0.45, 0, 1).astype(np.float32)
