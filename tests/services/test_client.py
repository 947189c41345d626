"""``mien.client`` against a running Mien: real processes, real edits, real sockets."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from mien.client import (
    AsyncClient,
    Client,
    EditCancelled,
    EditFailed,
    Event,
    NoFace,
    NotFound,
    Photo,
    PhotoRefused,
    RequestInvalid,
    Retries,
    ServerUnreachable,
    WaitTimeout,
    sockets,
)
from tests.services.house import House, wait_for

ENDS = ("done", "failed", "cancelled")


@pytest.fixture(scope="module")
def mien(served: House) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


@pytest.fixture(scope="module")
def photo(mien: Client, astronaut_jpeg: bytes) -> Photo:
    return mien.wait_for_faces(mien.upload(astronaut_jpeg, name="astronaut.jpg"))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)


def test_the_line_of_the_readme(mien: Client, grace_hopper_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.jpg"
    edit = mien.edit(str(grace_hopper_path), "expression", smile=0.8).wait()
    edit.save(out)
    assert Image.open(out).size == (512, 600)
    before = pixels(grace_hopper_path.read_bytes())
    assert np.abs(pixels(out.read_bytes()) - before).max() > 20
    assert out.read_bytes() == edit.result()


def test_photos_come_and_go(mien: Client, astronaut_jpeg: bytes, tmp_path: Path) -> None:
    path = tmp_path / "me.jpg"
    path.write_bytes(astronaut_jpeg)
    with path.open("rb") as file:
        sent = [mien.upload(path), mien.upload(file), mien.upload(astronaut_jpeg, name="me.jpg")]
    assert {(one.name, one.width, one.bytes) for one in sent} == {
        ("me.jpg", 512, len(astronaut_jpeg))
    }
    listed = {one.id for one in mien.photos()}
    assert {one.id for one in sent} <= listed
    for one in sent:
        mien.delete_photo(one)
    with pytest.raises(NotFound):
        mien.find_photo(sent[0].id)
    assert not {one.id for one in sent} & {one.id for one in mien.photos()}


def test_lists_of_many_pages(mien: Client, photo: Photo) -> None:
    for n in range(3):
        mien.edit(photo, "expression", smile=0.1 * n)
    rows = [row["id"] for row in mien.pages("edits/", {"photo": photo.id, "limit": "2"})]
    assert rows == [edit.id for edit in mien.edits(photo)]
    assert len(rows) == len(set(rows)) >= 3
    for edit in mien.edits(photo):
        edit.wait(60)


def test_operations_are_described(mien: Client) -> None:
    expression = next(one for one in mien.operations() if one.name == "expression")
    assert expression.params["properties"]["smile"]["maximum"] == 1
    assert expression.engines[0].weights[0].licence


def test_params_faces_engine_seed_and_mask(mien: Client, photo: Photo) -> None:
    mask = Image.new("L", (512, 512), 0)
    assert photo.faces
    x0, y0, x1, y1 = photo.faces[0].box
    middle = (x0 + x1) // 2
    mask.paste(255, (middle, 0, 512, 512))
    file = io.BytesIO()
    mask.save(file, "PNG")
    edit = mien.edit(
        photo,
        "expression",
        faces=[0],
        engine="native",
        seed=5,
        mask=file.getvalue(),
        mouth_open=1.0,
    ).wait(60)
    report = edit.report()
    assert (report.seed, report.engine, report.params["mouth_open"]) == (5, "native", 1.0)
    assert report.photo.sha256 == photo.sha256
    assert report.faces[0].measures["change_outside_mask"] == 0
    assert report.weights[0].licence
    changed = np.abs(
        pixels(edit.result()) - pixels(mien.edit(photo, "expression").wait(60).result())
    )
    assert changed[y0:y1, middle:x1].mean() > 1
    assert changed[:, : middle - 8].mean() < 0.2  # JPEG blocks


def test_an_edit_goes_on_from_another(mien: Client, photo: Photo) -> None:
    first = mien.edit(UUID(photo.id), "expression", smile=0.6).wait(60)
    second = first.edit("expression", brow_raise=0.7).wait(60)
    assert second.state.parent == first.id
    assert second.state.photo == photo.id
    assert mien.find_edit(second.id).state.params == {"brow_raise": 0.7}


def test_the_same_key_is_the_same_edit(mien: Client, photo: Photo) -> None:
    asked = [mien.edit(photo, "expression", smile=0.2, idempotency_key="mine-1") for _ in range(2)]
    assert asked[0].id == asked[1].id
    asked[0].wait(60)


def test_refusals_have_their_class_and_reason(
    mien: Client, photo: Photo, landscape_jpeg: bytes
) -> None:
    with pytest.raises(RequestInvalid) as raised:
        mien.edit(photo, "expression", smile=7)
    assert (raised.value.status, raised.value.code) == (422, "params_invalid")
    assert "smile" in raised.value.fields
    with pytest.raises(PhotoRefused) as refused:
        mien.upload(b"no photo")
    assert refused.value.code == "photo_unreadable"
    with pytest.raises(NoFace):
        mien.edit(mien.wait_for_faces(mien.upload(landscape_jpeg)), "expression", smile=1)
    failed = mien.edit(mien.edit(photo, "expression").wait(60), "expression", faces=[4], smile=1)
    with pytest.raises(EditFailed) as told:
        failed.wait(60)
    assert told.value.code == "face_unknown"
    assert "4" in str(told.value)


def test_events_are_given_in_order_to_the_end(mien: Client, photo: Photo) -> None:
    edit = mien.edit(photo, "expression", smile=0.9)
    events = list(edit.events())
    assert [event.kind for event in events][:2] == ["queued", "started"]
    assert events[-1].kind == "done"
    assert [event.id for event in events] == sorted({event.id for event in events})
    fractions = [event.fraction for event in events if event.fraction is not None]
    assert fractions == sorted(fractions)
    assert list(edit.events(since=events[1].id)) == events[2:]
    assert list(edit.events(since=events[-1].id)) == []
    heard: list[Event] = []
    edit.wait(on_event=heard.append)
    assert heard == events


@pytest.mark.parametrize("socket", [True, False], ids=["socket", "polling"])
async def test_async_events(
    served: House, photo: Photo, socket: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    genuine = sockets.socket_events

    def noted(server: object, path: str, since: int):  # type: ignore[no-untyped-def]
        opened.append(path)
        return genuine(server, path, since)  # type: ignore[arg-type]

    monkeypatch.setattr(sockets, "socket_events", noted)
    monkeypatch.setattr(sockets, "AVAILABLE", socket)
    async with AsyncClient(served.url) as mien:
        edit = await mien.edit(photo, "expression", smile=0.4, brow_raise=0.1)
        events = [event async for event in edit.events()]
        assert (events[0].kind, events[-1].kind) == ("queued", "done")
        assert [e async for e in edit.events(since=events[1].id)] == events[2:]
        assert (await edit.save(tmp_path / "b.jpg")).read_bytes() == await edit.result()
        assert (await edit.report()).operation == "expression"
        chained = await (await edit.edit("expression", smile=-0.3)).wait()
        assert chained.state.parent == edit.id
        listed = [one.id async for one in mien.edits(photo)]
        assert chained.id in listed
        assert (await mien.find_edit(edit.id)).status == "done"
    assert len(opened) == (3 if socket else 0)


async def test_a_socket_that_breaks_off_loses_and_doubles_nothing(
    served: House, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = sockets.socket_events

    async def breaking(*asked: object):  # type: ignore[no-untyped-def]
        count = 0
        async for event in genuine(*asked):  # type: ignore[arg-type]
            yield event
            count += 1
            if count == 2:
                raise sockets.SocketClosed("cut")

    monkeypatch.setattr(sockets, "socket_events", breaking)
    async with AsyncClient(served.url) as mien:
        edit = await mien.edit(photo, "expression", smile=0.35)
        events = [event async for event in edit.events()]
        assert events[-1].kind == "done"
        monkeypatch.setattr(sockets, "socket_events", genuine)
        assert [event async for event in edit.events()] == events


async def test_many_at_once(served: House, photo: Photo) -> None:
    async with AsyncClient(served.url) as mien:
        asked = [mien.edit(photo, "expression", smile=n / 10) for n in range(4)]
        edits = await asyncio.gather(*asked)
        async with asyncio.timeout(60):
            await asyncio.gather(*(edit.wait() for edit in edits))
        assert {edit.status for edit in edits} == {"done"}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Edits take a second, told in ten steps."""
    built = House(tmp_path_factory.mktemp("slow"))
    try:
        built.migrate()
        built.start_web()
        built.start_sweep()
        built.start_worker()
        yield built
    finally:
        built.stop()


def test_cancel_retry_and_time_limits(slow: House, astronaut_jpeg: bytes) -> None:
    with Client(slow.url, timeout=60) as mien:
        photo = mien.wait_for_faces(mien.upload(astronaut_jpeg))
        edit = mien.edit(photo, "expression", smile=1)
        with pytest.raises(WaitTimeout, match=r"within 0\.3 s"):
            edit.wait(0.3)
        wait_for("its start", lambda: edit.refresh().status == "running")
        edit.cancel()
        with pytest.raises(EditCancelled):
            edit.wait(30)
        earlier = [event.kind for event in edit.events()]
        assert earlier[-1] == "cancelled"
        edit.retry()
        assert edit.status == "queued"
        assert edit.wait(30).status == "done"
        kinds = [event.kind for event in edit.events()]
        assert kinds[: len(earlier)] == earlier
        assert kinds[-1] == "done"


async def test_a_server_that_comes_back(slow: House, astronaut_jpeg: bytes) -> None:
    """The web process is killed while the edit runs and is followed; nothing is lost."""
    web = slow.started[1]
    patient = Retries(attempts=40, first=0.1, longest=0.3)
    async with AsyncClient(slow.url, retries=patient) as mien:
        photo = await mien.wait_for_faces(await mien.upload(astronaut_jpeg))
        edit = await mien.edit(photo, "expression", smile=1)
        events: list[Event] = []
        async for event in edit.events():
            events.append(event)
            if event.kind == "started":
                web.kill()
                web.wait()
                again = threading.Thread(target=slow.start_web)
                again.start()
        again.join()
        assert events[-1].kind == "done"
        assert events == [event async for event in edit.events()]


def test_nobody_there() -> None:
    started = time.monotonic()
    address = "http://127.0.0.1:9"
    with (
        Client(address, retries=Retries(2, 0.01)) as mien,
        pytest.raises(ServerUnreachable) as told,
    ):
        mien.operations()
    assert address in str(told.value)
    assert time.monotonic() - started < 5
