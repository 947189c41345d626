"""Reading and writing videos through PyAV: frames upright, times kept, sound copied, no metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from editing.errors import OutputUnwritable, VideoTooLarge, VideoUnreadable

# What each suffix is written as: the container, the codec of pictures, that of sound where it has
# to be coded anew, and the sound that may be copied.
FORMATS = {
    ".mp4": ("mp4", "libx264", "aac", ("aac", "mp3", "ac3", "opus", "alac", "flac")),
    ".webm": ("webm", "libvpx-vp9", "libopus", ("opus", "vorbis")),
}
LONGEST = 600.0  # seconds
LARGEST = 4096 * 2304  # pixels of a frame
QUALITY = {"libx264": {"crf": "17", "preset": "veryfast", "bf": "0"}, "libvpx-vp9": {
    "crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"}}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video is: ``width`` and ``height`` as it is seen, upright; ``rate`` in frames a second;
    ``seconds``, 0 where the file does not tell."""

    path: Path
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    seconds: float
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, uint8 (H, W, 3), RGB, upright. ``pts`` counts in the clip's ``time_base``;
    ``broken`` is whether it could not be decoded whole: then it may show what was before."""

    pixels: NDArray[np.uint8]
    pts: int
    broken: bool


def open_clip(path: Path) -> Clip:
    """Return what the video is, from its head and its first picture.

    Raises:
        VideoUnreadable: there is no such file, or no video in it.
        VideoTooLarge: it is longer than ten minutes, or its pictures are too large.
    """
    with _open(path) as container:
        stream = _pictures(container, path)
        seconds = _seconds(container, stream)
        if seconds > LONGEST:
            raise VideoTooLarge(
                f"{path}: {seconds:.0f} seconds; a video may have {LONGEST:.0f} seconds"
            )
        if stream.width * stream.height > LARGEST:
            raise VideoTooLarge(
                f"{path}: {stream.width} x {stream.height}; a picture may have {LARGEST} pixels"
            )
        assert stream.time_base is not None
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        base, sound = stream.time_base, bool(container.streams.audio)
    first = next(read_frames(path), None)
    if first is None:
        raise VideoUnreadable(f"{path}: no picture in it can be read")
    height, width = first.pixels.shape[:2]
    return Clip(path, width, height, Fraction(rate), Fraction(base), seconds, sound)


def read_frames(path: Path) -> Iterator[Frame]:
    """Yield every picture in the order of its time.

    A picture that cannot be decoded is told by ``broken`` of the one that stands for it.

    Raises:
        VideoUnreadable: there is no such file, or no video in it.
        VideoTooLarge: it goes on beyond ten minutes.
    """
    with _open(path) as container:
        stream = _pictures(container, path)
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        last, size, lost = None, None, False
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except FFmpegError:
                lost = True
                continue
            for picture in decoded:
                pixels = _upright(
                    np.asarray(picture.to_ndarray(format="rgb24"), np.uint8), picture.rotation
                )
                if size is not None and pixels.shape != size:
                    lost = True
                    continue
                pts = picture.pts if picture.pts is not None else (last or 0) + 1
                if last is not None and pts <= last:
                    continue
                if pts * stream.time_base > LONGEST + 1:
                    raise VideoTooLarge(f"{path}: it goes on beyond {LONGEST:.0f} seconds")
                yield Frame(pixels, pts, lost or picture.is_corrupt)
                last, size, lost = pts, pixels.shape, False


class FrameWriter:
    """Codes pictures into a file of their own; ``join`` makes the video of such files."""

    def __init__(self, path: Path, clip: Clip, suffix: str) -> None:
        container, codec, _, _ = FORMATS[suffix]
        self._file: OutputContainer = av.open(str(path), "w", format=container)
        stream: Any = self._file.add_stream(codec, rate=clip.rate, options=dict(QUALITY[codec]))
        stream.width, stream.height = clip.width, clip.height
        # Half the colour of a picture needs even sides.
        odd = clip.width % 2 or clip.height % 2
        stream.pix_fmt = "yuv444p" if odd else "yuv420p"
        stream.codec_context.time_base = clip.time_base
        self._stream = stream

    def write(self, pixels: NDArray[np.uint8], pts: int) -> None:
        """Add a picture, uint8 (H, W, 3), RGB."""
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture.pts, picture.time_base = pts, self._stream.codec_context.time_base
        self._file.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Write what is still held back."""
        self._file.mux(self._stream.encode(None))
        self._file.close()


def join(pieces: list[tuple[Path, int]], clip: Clip, out: Path, suffix: str, comment: str) -> None:
    """Write the pieces one after the other, with the clip's sound and nothing else of it.

    Args:
        pieces: files of ``FrameWriter``, and the pts at which each begins.
        out: where it is written; ``suffix`` chooses the format.
        comment: what the file says of itself.

    Raises:
        OutputUnwritable: it cannot be written.
    """
    container, _, sound_codec, copied = FORMATS[suffix]
    try:
        with av.open(str(out), "w", format=container) as file, av.open(str(pieces[0][0])) as first:
            file.metadata["comment"] = comment
            pictures = file.add_stream_from_template(first.streams.video[0])
            pictures.time_base = clip.time_base
            sound = _Sound(clip.path, file, sound_codec, copied) if clip.has_sound else None
            for packet in _packets(pieces, clip, pictures):
                if sound is not None:
                    sound.write_until(float(packet.dts * clip.time_base))
                file.mux(packet)
            if sound is not None:
                sound.write_until(float("inf"))
                sound.close()
    except (OSError, FFmpegError) as error:
        raise OutputUnwritable(f"{out}: {error}") from error


def _packets(pieces: list[tuple[Path, int]], clip: Clip, stream: Stream) -> Iterator[Any]:
    for path, start in pieces:
        with av.open(str(path)) as piece:
            began = None
            packet: Any
            for packet in piece.demux(video=0):
                if packet.pts is None or packet.time_base is None:
                    continue
                began = packet.pts if began is None else began
                after = (packet.pts - began) * packet.time_base
                packet.stream = stream
                packet.time_base = clip.time_base
                # No picture looks ahead, so that order of decoding and of showing are one.
                packet.pts = packet.dts = start + round(after / clip.time_base)
                yield packet


class _Sound:
    """The sound of a clip on its way into a file: copied where the format knows it, else coded."""

    def __init__(
        self, path: Path, file: OutputContainer, codec: str, copied: tuple[str, ...]
    ) -> None:
        self._source = av.open(str(path))
        self._file = file
        stream = self._source.streams.audio[0]
        self._out: Any
        self._copies = stream.codec_context.name in copied
        if self._copies:
            self._out = file.add_stream_from_template(stream)
        else:
            rate = 48_000 if codec == "libopus" else stream.rate
            self._out = file.add_stream(codec, rate=rate)
            self._sampler = AudioResampler(
                format=self._out.codec_context.format, layout=stream.layout, rate=rate
            )
        self._coming = self._source.demux(stream)
        self._waiting: Any = None

    def write_until(self, seconds: float) -> None:
        """Write the sound up to there."""
        while True:
            packet = self._waiting or next(self._coming, None)
            self._waiting = None
            if packet is None:
                return
            if packet.dts is None:
                continue
            if packet.dts * packet.time_base > seconds:
                self._waiting = packet
                return
            self._write(packet)

    def close(self) -> None:
        if not self._copies:
            for frame in self._sampler.resample(None):
                self._file.mux(self._out.encode(frame))
            self._file.mux(self._out.encode(None))
        self._source.close()

    def _write(self, packet: Any) -> None:
        if self._copies:
            packet.stream = self._out
            self._file.mux(packet)
            return
        try:
            frames: list[Any] = packet.decode()
        except FFmpegError:
            return  # A broken piece of sound is silence.
        for frame in frames:
            for sampled in self._sampler.resample(frame):
                self._file.mux(self._out.encode(sampled))


def _open(path: Path) -> InputContainer:
    try:
        return av.open(str(path))
    except (OSError, FFmpegError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoUnreadable(f"{path}: {reason}") from error


def _pictures(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise VideoUnreadable(f"{path}: there is no video in it")
    return container.streams.video[0]


def _seconds(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else 0.0


def _upright(pixels: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """Return the picture as a player shows it; ``rotation`` is counter-clockwise, degrees."""
    return np.ascontiguousarray(np.rot90(pixels, round(rotation / 90)))
