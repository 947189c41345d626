"""What an edit reports: what was asked, with what it was done, and what it did."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Measures = dict[str, float | dict[str, float] | None]


class PhotoReport(BaseModel):
    """The source photo: its size in pixels as it is seen, and the SHA-256 of its file."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    sha256: str


class FaceReport(BaseModel):
    """One edited face. ``box`` is (x0, y0, x1, y1), half-open; a measure not taken is None.

    ``notes`` are sentences that a person should read before using the result.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    box: tuple[int, int, int, int]
    measures: Measures
    notes: list[str] = []


class WeightReport(BaseModel):
    """Weights that the edit went through, and what their licence allows."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    licence: str


class CheckReport(BaseModel):
    """One demand on a photo for a passport. ``value`` is None where it could not be measured, and that
    does not pass."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    value: float | None
    limit: str
    passed: bool


class IdPhotoReport(BaseModel):
    """The photo for a passport that was cut from the result; ``passed`` if every check is."""

    model_config = ConfigDict(frozen=True)

    size: str
    width: int
    height: int
    passed: bool
    checks: list[CheckReport]


class VariantReport(BaseModel):
    """One of several results of a request: what it alone was made with, and what that did."""

    model_config = ConfigDict(frozen=True)

    label: str
    params: dict[str, Any]
    seed: int
    faces: list[FaceReport]


class Report(BaseModel):
    """The whole report, as the contract of the design has it.

    ``variants`` is empty where the result is one photo. Where there are several, ``faces`` are
    those of the last one, so that whoever reads only ``faces`` finds measures there. ``id_photo`` is
    None where no photo for a passport was asked for.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    params: dict[str, Any]
    engine: str
    seed: int
    seconds: float
    photo: PhotoReport
    faces: list[FaceReport]
    weights: list[WeightReport]
    variants: list[VariantReport] = []
    id_photo: IdPhotoReport | None = None

    @property
    def source_sha256(self) -> str:
        return self.photo.sha256

    def of_variant(self, label: str) -> Report:
        """Return the report of one variant, as if it alone had been asked for.

        Raises:
            KeyError: there is none of that label.
        """
        for variant in self.variants:
            if variant.label == label:
                its = {"params": variant.params, "seed": variant.seed, "faces": variant.faces}
                return self.model_copy(update={**its, "variants": []})
        raise KeyError(label)


class VideoFacts(BaseModel):
    """The source: its size as it is seen, its pictures, and the SHA-256 of its file. ``broken`` counts
    pictures that could not be decoded whole."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    frames: int
    frames_per_second: float
    sha256: str
    broken: int


class PersonReport(BaseModel):
    """One person: in how many pictures they were seen, and in how many their place was guessed.

    ``identity_distance`` is dlib's, of ``sampled`` pictures: the mean and the least; None where none
    could be taken.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    first: float
    last: float
    frames: int
    guessed: int
    sampled: int
    identity_distance: float | None
    identity_distance_least: float | None


class VideoReport(BaseModel):
    """The whole report; ``faces`` are people here, for one face is seen in many pictures."""

    model_config = ConfigDict(frozen=True)

    operation: str
    params: dict[str, Any]
    engine: str
    seed: int
    seconds: float
    video: VideoFacts
    faces: list[PersonReport]
    notes: list[str]
    weights: list[WeightReport]

    @property
    def source_sha256(self) -> str:
        return self.video.sha256
