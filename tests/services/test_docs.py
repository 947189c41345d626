"""Every block of docs/api.md, run against a running Mien as one program per language."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import playwright
import pytest
from PIL import Image

from editing.video.clip import open_clip
from tests.editing.clips import moving, write_clip
from tests.services.house import House

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
ADDRESS = "127.0.0.1:8000"
NODE = str(Path(playwright.__file__).parent / "driver" / "node")
RUN = {
    "bash": (["bash", "-euo", "pipefail"], "program.sh"),
    "python": ([sys.executable], "program.py"),
    "javascript": ([NODE], "program.mjs"),
}


def program(language: str, address: str) -> str:
    """Return the blocks of one language, every other line blank: errors name the line of the page."""
    page = DOCS.read_text()
    lines = ["" for _ in page.splitlines()]
    for block in re.finditer(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        first = page[: block.start(1)].count("\n")
        for n, line in enumerate(block.group(1).splitlines()):
            lines[first + n] = line
    assert any(lines), f"{DOCS} has no block of {language}"
    return "\n".join(lines).replace(ADDRESS, address) + "\n"


@pytest.mark.parametrize("language", RUN)
def test_the_blocks_run(
    language: str, served: House, astronaut_picture: Image.Image, tmp_path: Path
) -> None:
    face = astronaut_picture.crop((90, 0, 390, 300))
    face.save(tmp_path / "photo.jpg")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.write(tmp_path / "photo.jpg", "trip/day 1/photo.jpg")
    write_clip(tmp_path / "clip.mp4", moving(np.asarray(astronaut_picture), 4))
    command, name = RUN[language]
    (tmp_path / name).write_text(program(language, served.url.removeprefix("http://")))
    done = subprocess.run(
        [*command, name], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    if language == "python":
        assert open_clip(tmp_path / "safe.mp4").has_sound
    if language != "javascript":
        assert Image.open(tmp_path / "smile.jpg").size == face.size
        assert Image.open(tmp_path / "60.jpg").size == face.size
        assert "trip/day 1/photo.jpg" in zipfile.ZipFile(tmp_path / "edited.zip").namelist()
    else:
        assert Image.open(tmp_path / "smile-js.jpg").size == face.size
