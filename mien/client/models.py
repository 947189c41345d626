"""What the server tells, typed. A field that a newer server adds is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EditStatus = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")


class Told(BaseModel):
    """Something that the server told."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Pose(Told):
    """Degrees; left and right are the subject's."""

    yaw: float
    pitch: float
    roll: float


class Face(Told):
    """A face of a photo. ``box`` is (x0, y0, x1, y1) in pixels, half-open."""

    index: int
    box: tuple[int, int, int, int]
    pose: Pose


class Video(Told):
    """``seconds`` is 0 where the file does not tell."""

    seconds: float
    frames_per_second: float


class Photo(Told):
    """A photo on the server, or a video where ``video`` is not None. ``faces`` is None until a worker has
    looked, and stays so for a video; ``faces_state`` tells.
    """

    id: str
    name: str = ""
    format: str = ""
    width: int
    height: int
    bytes: int = 0
    sha256: str = ""
    video: Video | None = None
    faces: list[Face] | None = None
    faces_state: Literal["pending", "found", "failed"] = "found"
    created: datetime | None = None
    expires_at: datetime


class Weight(Told):
    name: str
    available: bool = True
    licence: str | None = None
    commercial_use: bool | None = None
    summary: str = ""


class Engine(Told):
    """One way of doing an operation. ``reason`` says why it cannot be used on that server."""

    name: str
    available: bool = True
    reason: str | None = None
    weights: list[Weight] = []


class Operation(Told):
    """What can be done. ``params`` is a JSON schema (2020-12); ``reason`` says why it cannot be."""

    name: str
    version: str = ""
    title: str = ""
    summary: str = ""
    available: bool = True
    reason: str | None = None
    params: dict[str, Any]
    engines: list[Engine] = []
    measures: list[str] = []
    default_faces: str = "largest"


class Failure(Told):
    code: str
    message: str = ""


class EditState(Told):
    """An edit as it was when the server was last asked."""

    id: str
    status: EditStatus
    photo: str
    parent: str | None = None
    operation: str
    params: dict[str, Any] = {}
    faces: Any = None
    engine: str = "auto"
    seed: int | None = None
    attempt: int = 0
    error: Failure | None = None
    created: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Event(Told):
    """One line of a log. ``id`` rises and is the cursor to go on from."""

    id: int
    kind: str
    at: datetime
    data: dict[str, Any] = {}

    @property
    def fraction(self) -> float | None:
        """How far it is, in [0, 1]; None where the event does not say."""
        value = self.data.get("fraction")
        return float(value) if isinstance(value, (int, float)) else None


class PhotoReport(Told):
    """The source photo: its size in pixels as it is seen, and the SHA-256 of its file."""

    width: int
    height: int
    sha256: str


class FaceReport(Told):
    """One edited face; a measure not taken is None. ``notes`` are for a person to read first."""

    index: int
    box: tuple[int, int, int, int]
    measures: dict[str, float | dict[str, float] | None]
    notes: list[str] = []


class WeightReport(Told):
    """Weights that the edit went through, and their licence."""

    name: str
    sha256: str
    licence: str


class CheckReport(Told):
    """One demand on a photo for a passport; a ``value`` of None could not be measured."""

    name: str
    title: str
    value: float | None
    limit: str
    passed: bool


class IdPhotoReport(Told):
    """The photo for a passport that was cut from the result; ``passed`` if every check is."""

    size: str
    width: int
    height: int
    passed: bool
    checks: list[CheckReport]


class VariantReport(Told):
    """One of several results of a request, such as one age of a strip."""

    label: str
    params: dict[str, Any]
    seed: int
    faces: list[FaceReport]


class Report(Told):
    """What was asked, with what it was done, and what it did to each face.

    ``variants`` is empty where the result is one photo; else ``faces`` are those of the last.
    """

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


class PersonReport(Told):
    """A person of a video. ``first`` and ``last`` are seconds; in ``guessed`` of the ``frames`` nobody saw
    the face, and what was between is hidden.
    """

    index: int
    first: float
    last: float
    frames: int
    guessed: int
    identity_distance: float | None
    identity_distance_least: float | None


class VideoFacts(Told):
    width: int
    height: int
    frames: int
    frames_per_second: float
    sha256: str


class VideoReport(Told):
    """As ``Report``, of a video; ``faces`` are people."""

    operation: str
    params: dict[str, Any]
    engine: str
    seed: int
    seconds: float
    video: VideoFacts
    faces: list[PersonReport]
    notes: list[str]
    weights: list[WeightReport]


def read_report(told: dict[str, Any]) -> Report | VideoReport:
    """Return the report in JSON, of a photo or a video."""
    return (VideoReport if "video" in told else Report).model_validate(told)


BatchStatus = Literal["queued", "running", "done", "cancelled"]


class Counts(Told):
    """How many files of a batch are in which status."""

    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0


class BatchState(Told):
    """A batch as it was when the server was last asked. ``eta`` are seconds; None while unknown."""

    id: str
    status: BatchStatus
    name: str = ""
    paused: bool = False
    recipe: list[dict[str, Any]] = []
    counts: Counts
    total: int = 0
    fraction: float = 0.0
    eta: float | None = None
    created: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None


class BatchItem(Told):
    """One file of a batch."""

    file: str
    status: EditStatus
    photo: str | None = None
    edit: str | None = None
    error: Failure | None = None


class BatchRow(BatchItem):
    """What became of a file. ``result`` is its path in the archive of results."""

    seconds: float | None = None
    result: str | None = None
    report: Report | None = None


class Preset(Told):
    """Saved params of one operation, to start edits from."""

    id: str
    name: str
    operation: str
    params: dict[str, Any]
    created: datetime
    changed: datetime


Scope = Literal["read", "write"]


class Token(Told):
    """A token without its secret. ``hint`` is how it begins; ``current`` is the one in use."""

    id: str
    name: str
    scopes: list[Scope]
    hint: str
    created: datetime
    expires_at: datetime | None
    current: bool = False


class NewToken(Token):
    """A token just made. ``token`` is its secret, told this once."""

    token: str = Field(repr=False)


class DayUsage(Told):
    """One day (UTC) of one token; ``token`` is None for what was asked without one."""

    day: date
    token: str | None
    token_name: str
    photos: int
    bytes: int
    edits: int
    seconds: float


class Quota(Told):
    """``remaining`` of ``quota`` in ``window`` seconds; all of it again in ``reset`` seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int


class Usage(Told):
    """What was used by day and token, and what is left of today's quotas."""

    results: list[DayUsage]
    quotas: list[Quota]


class Webhook(Told):
    """An address that is told when edits and batches end, without the secret that signs."""

    id: str
    url: str
    events: list[str]
    description: str = ""
    active: bool
    inactive_because: str = ""
    old_secret_until: datetime | None = None
    created: datetime


class NewWebhook(Webhook):
    """A webhook with a new secret, which is told this once."""

    secret: str = Field(repr=False)


class Attempt(Told):
    """One attempt to deliver; ``status`` is None where nobody answered, and ``error`` says why."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    excerpt: str = ""
    error: str = ""


DeliveryState = Literal["waiting", "sending", "delivered", "failed"]


class Delivery(Told):
    """One message to a webhook. ``body`` is what is sent; ``id`` is its header webhook-id."""

    id: str
    event: str
    state: DeliveryState
    attempts: list[Attempt]
    next_at: datetime | None
    until: datetime
    created: datetime
    ended_at: datetime | None
    body: dict[str, Any]
