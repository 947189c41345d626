"""``manage.py up``: the embedded default as a person starts it, with the real models."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import urllib.error
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.services.house import House, family, is_alive, wait_for

Start = Callable[..., subprocess.Popen[bytes]]


def start(house: House) -> subprocess.Popen[bytes]:
    process = house.start("up", "manage.py", "up")
    wait_for("the web server", lambda: house.is_up(process))
    return process


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("up # 100% sure?"))
    try:
        start(house)
        yield house
    finally:
        house.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.stop()


@pytest.fixture(scope="module")
def photo(up: House, astronaut_jpeg: bytes) -> Any:
    told = up.upload(astronaut_jpeg)
    return wait_for("the faces", lambda: found(up, told))


def found(house: House, photo: Any) -> Any:
    told = house.get(f"/api/v1/photos/{photo['id']}/")
    return told if told["faces_state"] != "pending" else None


def seconds_between(events: list[Any], first: str, last: str) -> float:
    at = {event["kind"]: datetime.fromisoformat(event["at"]) for event in reversed(events)}
    return (at[last] - at[first]).total_seconds()


def test_a_photo_becomes_a_smile(up: House, photo: Any) -> None:
    assert [face["index"] for face in photo["faces"]] == [0]
    asked = monotonic()
    edit = up.edit(photo, params={"smile": 0.8}, faces=[0])
    events = up.follow(edit)
    whole = monotonic() - asked
    kinds = [event["kind"] for event in events]
    assert (kinds[:2], kinds[-1]) == (["queued", "started"], "done")
    assert "preview" in kinds
    report = events[-1]["data"]["report"]
    overhead = whole - report["seconds"]
    print(f"POST to done {1000 * whole:.0f} ms, edit {1000 * report['seconds']:.0f} ms, overhead {1000 * overhead:.0f} ms, "
          f"first preview {1000 * seconds_between(events, 'started', 'preview'):.0f} ms after start")  # fmt: skip
    assert report["faces"][0]["measures"]["change_outside_mask"] == 0
    result = Image.open(io.BytesIO(up.read(f"/api/v1/edits/{edit['id']}/result/")))
    assert (result.format, result.size) == ("JPEG", (512, 512))
    before = Image.open(io.BytesIO(up.read(photo["picture"])))
    x0, y0, x1, y1 = photo["faces"][0]["box"]
    difference = np.abs(np.asarray(result, np.int16) - np.asarray(before, np.int16))
    assert difference[y0:y1, x0:x1].mean() > 1
    assert up.get(f"/api/v1/edits/{edit['id']}/report/") == report


def test_a_result_tells_its_provenance_and_is_signed(up: House, photo: Any) -> None:
    from editing.provenance import verify_provenance
    from editing.signing import local_signer

    edit = up.edit(photo, params={"smile": 0.3}, seed=11)
    up.follow(edit)
    data = up.read(f"/api/v1/edits/{edit['id']}/result/")
    roots = local_signer(up.folder / "data" / "signer").root
    checked = verify_provenance(data, roots)
    assert checked.state == "valid"
    assert checked.provenance is not None
    assert (checked.provenance.operation, checked.provenance.seed) == ("expression", 11)
    assert checked.provenance.source_sha256 == photo["sha256"]
    broken = bytearray(data)
    broken[len(data) // 2] ^= 1
    assert verify_provenance(bytes(broken), roots).state == "changed"


def test_a_chain_goes_on_from_the_result_and_outlives_a_restart(up: House, photo: Any) -> None:
    first = up.edit(photo, params={"smile": 0.5})
    up.follow(first)
    second = up.edit(photo, params={"brow_raise": 0.5}, parent=first["id"])
    events = up.follow(second)
    assert events[-1]["kind"] == "done", events[-1]
    rows = up.get(f"/api/v1/edits/?photo={photo['id']}")["results"]
    chain = {row["id"]: row["parent"] for row in rows}
    assert chain[second["id"]] == first["id"]
    assert chain[first["id"]] is None


def test_a_mask_keeps_what_it_covers(up: House, astronaut_png: bytes) -> None:
    sent = up.upload(astronaut_png)
    photo = wait_for("the faces", lambda: found(up, sent))
    mask = Image.new("L", (512, 512), 0)
    x0, y0, x1, y1 = photo["faces"][0]["box"]
    middle = (x0 + x1) // 2
    mask.paste(255, (middle, 0, 512, 512))
    file = io.BytesIO()
    mask.save(file, "PNG")
    boundary = uuid.uuid4().hex
    fields = {"photo": photo["id"], "operation": "expression", "params": json.dumps({"smile": 0.8})}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="mask"; filename="m.png"\r\n\r\n'
    body = b"".join(parts) + head.encode() + file.getvalue() + f"\r\n--{boundary}--\r\n".encode()
    told = up.read(
        "/api/v1/edits/",
        body,
        "POST",
        **{"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    edit = json.loads(told)
    assert up.follow(edit)[-1]["kind"] == "done"
    result = Image.open(io.BytesIO(up.read(f"/api/v1/edits/{edit['id']}/result/")))
    assert result.format == "PNG"
    before = np.asarray(Image.open(io.BytesIO(astronaut_png)), np.int16)
    difference = np.abs(np.asarray(result, np.int16) - before)
    assert difference[:, :middle].max() == 0
    assert difference[y0:y1, middle:x1].mean() > 1


def problem_of(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as raised:
        call()
    assert raised.value.headers["Content-Type"] == "application/problem+json"
    return raised.value.code, json.loads(raised.value.read())["code"]


def test_bad_input_is_told_and_the_worker_lives_on(
    up: House, photo: Any, landscape_jpeg: bytes
) -> None:
    hills = up.upload(landscape_jpeg)
    assert (hills["faces"], hills["faces_state"]) == ([], "found")
    assert problem_of(lambda: up.edit(hills)) == (422, "no_face")
    assert problem_of(lambda: up.edit(photo, faces=[5])) == (422, "face_unknown")
    assert problem_of(lambda: up.edit(photo, params={"smile": 9})) == (422, "params_invalid")
    assert problem_of(lambda: up.upload(b"no photo")) == (422, "photo_unreadable")
    assert up.follow(up.edit(photo))[-1]["kind"] == "done"


def test_a_face_that_only_the_worker_can_miss_fails_there(up: House, photo: Any) -> None:
    first = up.edit(photo)
    up.follow(first)
    events = up.follow(up.edit(photo, parent=first["id"], faces=[4]))
    assert (events[-1]["kind"], events[-1]["data"]["code"]) == ("failed", "face_unknown")


def test_what_dies_is_started_again(house: House, astronaut_jpeg: bytes) -> None:
    up = start(house)
    everyone = family(up.pid)

    def child(word: str) -> int | None:
        for pid in family(up.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == up.pid and word.encode() in command:
                return pid
        return None

    old = {word: child(word) for word in ("webapp.serve", "worker")}
    for pid in old.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    for word, pid in old.items():
        wait_for(f"another {word}", lambda word=word, pid=pid: child(word) not in (None, pid), 30)
    wait_for("the web server", lambda: house.is_up(up))
    told = house.upload(astronaut_jpeg)
    assert wait_for("the faces", lambda: found(house, told))["faces"]
    gone = [pid for pid in everyone if pid != up.pid]
    assert not any(is_alive(pid) for pid in gone)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name
)
def test_it_ends_and_leaves_nobody_behind(house: House, number: signal.Signals) -> None:
    up = start(house)
    wait_for("the worker's child", lambda: len(family(up.pid)) >= 4)
    everyone = family(up.pid)
    asked = monotonic()
    up.send_signal(number)
    assert up.wait(20) == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    wait_for("everybody's end", lambda: not any(is_alive(pid) for pid in everyone), 5)
    assert monotonic() - asked < 5
    print(f"{number.name}: all ended after {monotonic() - asked:.1f} s")
    lines = [line for line in house.log("up").splitlines() if "http" in line]
    assert lines == [f"Mien is at http://127.0.0.1:{house.port}/ (Ctrl-C ends it)"]
    house.started.clear()


def test_a_taken_port_is_told(up: House, tmp_path: Path) -> None:
    second = House(tmp_path, PORT=str(up.port))
    process = second.start("up", "manage.py", "up")
    assert process.wait(60) == 1
    assert re.search(rf"cannot listen on 127.0.0.1 port {up.port}: .*in use", second.log("up"))
    assert "Traceback" not in second.log("up")


def test_an_open_address_without_a_password_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, MIEN_HOST="0.0.0.0")
    process = house.start("up", "manage.py", "up")
    assert process.wait(60) == 1
    assert "nobody has a password" in house.log("up")
    off = House(tmp_path, MIEN_HOST="0.0.0.0", MIEN_CREDENTIALS_REQUIRED="0")
    process = off.start("off", "manage.py", "up")
    assert process.wait(60) == 1
    assert "mien.E002" in off.log("off")
