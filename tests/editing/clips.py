"""Small videos to try things on: the astronaut before a moving camera, and a tone."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

RATE = 25
SIZE = (320, 240)  # width, height
TONE = 44_100


def moving(picture: np.ndarray, count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Return uint8 pictures of a camera that swings in front of ``picture``."""
    width, height = size
    frames = []
    for n in range(count):
        turn = 2 * np.pi * n / max(count, 24)
        scale = width / picture.shape[1] * (1.1 + 0.08 * np.sin(turn))
        shift = [width / 2 - scale * 224 + 12 * np.sin(turn), height * 0.45 - scale * 125]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        frames.append(
            cv2.warpAffine(
                picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
            )
        )
    return frames


def write_clip(
    path: Path,
    frames: list[np.ndarray],
    *,
    sound: bool = True,
    codec: str = "libx264",
    **metadata: str,
) -> Path:
    """Write the pictures, 25 a second, and a tone of 440 Hz."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as file:
        file.metadata.update(metadata)
        options = {"crf": "12", "preset": "ultrafast"} if codec == "libx264" else {"crf": "12"}
        pictures = file.add_stream(codec, rate=RATE, options=options)
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p"
        tone = file.add_stream("aac", rate=TONE) if sound else None
        for n, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            picture.pts = n
            file.mux(pictures.encode(picture))
        file.mux(pictures.encode(None))
        if tone is not None:
            wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(frames) * TONE // RATE) / TONE)
            for start in range(0, len(wave), 1024):
                piece = np.ascontiguousarray(wave[None, start : start + 1024].astype(np.float32))
                part = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
                part.sample_rate, part.pts = TONE, start
                file.mux(tone.encode(part))
            file.mux(tone.encode(None))
    return path


def turned_quarter(path: Path) -> Path:
    """Tell players, in the file's head, to show the video turned clockwise by a quarter."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    whole = 0x10000
    matrix = (0, whole, 0, -whole, 0, 0, 0, 0, 0x40000000)
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(data)
    return path


def sound_of(path: Path) -> list[bytes]:
    """Return the coded sound of a file, packet by packet."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]
