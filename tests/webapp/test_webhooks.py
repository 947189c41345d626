"""Webhooks over the API: made, changed, told of what happens, and their log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests.batches import post_json, work_off
from webapp.accounts.models import User
from webapp.batches.models import Batch
from webapp.edits import claims as edit_claims
from webapp.edits.models import Edit
from webapp.edits.services import cancel_edit
from webapp.webhooks import claims, services
from webapp.webhooks.addresses import is_private
from webapp.webhooks.claims import Outcome, claim_delivery, finish_attempt
from webapp.webhooks.models import Attempt, Delivery, DeliveryState, Webhook
from webapp.webhooks.signature import new_secret, sign, signed_headers

pytestmark = pytest.mark.django_db
Make = Callable[..., Any]
ADDRESS = "/api/v1/webhooks/"
URL = "https://receiver.example/mien?x=1"


@pytest.fixture
def webhook(owner: User) -> Webhook:
    return services.create_webhook(owner, URL, ["edit.done", "edit.failed", "edit.cancelled", "batch.finished"])  # fmt: skip


def post(api: Client, body: Any, address: str = ADDRESS, **headers: str) -> Any:
    return api.post(address, body, content_type="application/json", headers=headers)


def patch(api: Client, address: str, body: Any, **headers: str) -> Any:
    return api.patch(address, body, content_type="application/json", headers=headers)


def outcome(status: int | None = 200, error: str = "") -> Outcome:
    return Outcome(timezone.now(), 12, status, "thanks", error)


class TestApi:
    def test_the_secret_is_shown_once(self, api: Client) -> None:
        made = post(api, {"url": URL, "events": ["edit.failed", "edit.done", "edit.done"]})
        assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
        told = made.json()
        assert len(base64.b64decode(told.pop("secret").removeprefix("whsec_"))) == 32
        assert (told["events"], told["active"]) == (["edit.done", "edit.failed"], True)
        assert api.get(made["Location"]).json() == told
        assert api.get(ADDRESS).json()["results"] == [told]

    def test_all_events_without_a_choice(self, api: Client) -> None:
        events = post(api, {"url": URL}).json()["events"]
        assert events == ["edit.done", "edit.failed", "edit.cancelled", "batch.finished"]

    def test_the_same_key_makes_one(self, api: Client) -> None:
        first = post(api, {"url": URL}, **{"idempotency-key": "k"})
        assert post(api, {"url": URL}, **{"idempotency-key": "k"}).json() == first.json()
        assert Webhook.objects.count() == 1

    @pytest.mark.parametrize(
        "url",
        ["ftp://receiver.example/", "receiver.example", "https://", "https://me:secret@receiver.example/",
         "https://receiver.example/#top", "https://receiver.example:0/", "https://receiver.example:99999/",
         "https://[bad", "https://receiver.example/ä", "https://receiver.example/a b",
         "http://127.0.0.1:8000/", "http://localhost/", "http://a.localhost/", "http://[::1]/",
         "http://10.0.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/", "http://0.0.0.0/",
         "http://[fe80::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://100.64.0.1/"],
    )  # fmt: skip
    def test_where_nothing_is_sent(self, api: Client, url: str) -> None:
        answer = post(api, {"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook_address_refused")
        assert not Webhook.objects.exists()

    def test_one_s_own_network_by_setting(self, api: Client, settings: Any) -> None:
        settings.WEBHOOKS_ALLOW_PRIVATE = True
        assert post(api, {"url": "http://127.0.0.1:9000/"}).status_code == 201

    @pytest.mark.parametrize(
        "body", [{}, {"url": URL, "events": []}, {"url": URL, "events": ["webhook.test"]},
                 {"url": URL, "colour": "red"}, {"url": ""}, {"url": None}],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, api: Client, body: Any) -> None:
        answer = post(api, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")

    def test_there_are_at_most_so_many(self, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "MOST_WEBHOOKS", 1)
        post(api, {"url": URL})
        answer = post(api, {"url": URL})
        assert (answer.status_code, answer.json()["code"]) == (409, "too_many")

    def test_changed_and_forgotten(self, api: Client, webhook: Webhook) -> None:
        address = f"{ADDRESS}{webhook.pk}/"
        seen = api.get(address)["ETag"]
        changed = patch(api, address, {"events": ["edit.done"], "active": False})
        assert (changed.json()["events"], changed.json()["active"]) == (["edit.done"], False)
        assert patch(api, address, {"active": True}, **{"if-match": seen}).status_code == 412
        refused = patch(api, address, {"url": "http://10.1.1.1/"})
        assert refused.json()["code"] == "webhook_address_refused"
        assert patch(api, address, {"secret": "mine"}).status_code == 422
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    def test_a_secret_is_changed_with_a_day_of_both(self, api: Client, webhook: Webhook) -> None:
        old = webhook.secret
        told = post(api, None, f"{ADDRESS}{webhook.pk}/rotate/").json()
        webhook.refresh_from_db()
        assert told["secret"] == webhook.secret != old
        assert webhook.old_secret == old
        assert webhook.old_secret_until is not None
        assert timedelta(hours=23) < webhook.old_secret_until - timezone.now() < timedelta(hours=25)

    def test_a_test_message_waits_to_be_sent(self, api: Client, webhook: Webhook) -> None:
        answer = post(api, None, f"{ADDRESS}{webhook.pk}/test/")
        told = answer.json()
        assert (answer.status_code, told["event"], told["state"]) == (
            202,
            "webhook.test",
            "waiting",
        )
        assert told["body"]["type"] == "webhook.test"
        assert api.get(answer["Location"]).json() == told
        patch(api, f"{ADDRESS}{webhook.pk}/", {"active": False})
        assert post(api, None, f"{ADDRESS}{webhook.pk}/test/").status_code == 409
        assert post(api, None, f"{answer['Location']}redeliver/").status_code == 409

    def test_the_log_says_how_it_went(self, api: Client, webhook: Webhook) -> None:
        for status in (500, 200):
            services.send_test(webhook)
            claimed = claim_delivery("me")
            assert claimed is not None
            assert finish_attempt(claimed, outcome(status))
        address = f"{ADDRESS}{webhook.pk}/deliveries/"
        good, bad = api.get(address).json()["results"]
        assert (good["state"], bad["state"]) == ("delivered", "waiting")
        (attempt,) = good["attempts"]
        assert (attempt["status"], attempt["milliseconds"], attempt["excerpt"]) == (
            200,
            12,
            "thanks",
        )
        rows = api.get(f"{address}?state=waiting&event=webhook.test").json()["results"]
        assert [row["id"] for row in rows] == [bad["id"]]
        again = post(api, None, f"{address}{good['id']}/redeliver/")
        assert (again.status_code, again.json()["state"]) == (202, "waiting")
        assert len(again.json()["attempts"]) == 1

    def test_another_persons_webhook_is_not_there(self, api: Client, stranger: User) -> None:
        theirs = services.create_webhook(stranger, URL, ["edit.done"])
        delivery = services.send_test(theirs)
        address = f"{ADDRESS}{theirs.pk}/"
        told = f"{address}deliveries/{delivery.pk}/"
        answers = [api.get(address), api.delete(address), patch(api, address, {}),
                   post(api, None, f"{address}test/"), post(api, None, f"{address}rotate/"),
                   api.get(f"{address}deliveries/"), api.get(told), post(api, None, f"{told}redeliver/")]  # fmt: skip
        assert [answer.status_code for answer in answers] == [404] * 8


class TestEvents:
    def end(self, edit: Edit, end: Callable[[Any], bool]) -> None:
        claimed = edit_claims.claim_edit(edit.pk, "test")
        assert claimed is not None
        assert end(claimed[0])

    def test_the_end_of_an_edit_is_told(self, webhook: Webhook, make_edit: Make) -> None:
        done, failed, cancelled = make_edit(), make_edit(), make_edit()
        self.end(
            done,
            lambda claim: edit_claims.finish_done(
                claim, edit_claims.Outcome("r.jpg", "0" * 64, {})
            ),
        )
        self.end(
            failed, lambda claim: edit_claims.finish_failed(claim, "no_face", "There is none.")
        )
        cancel_edit(cancelled)
        told = [json.loads(one.body) for one in Delivery.objects.order_by("created")]
        assert [body["type"] for body in told] == ["edit.done", "edit.failed", "edit.cancelled"]
        assert [body["data"]["id"] for body in told] == [str(one.pk) for one in (done, failed, cancelled)]  # fmt: skip
        assert told[0]["data"]["result"] == f"/api/v1/edits/{done.pk}/result/"
        assert told[1]["data"]["error"] == {"code": "no_face", "message": "There is none."}

    def test_an_edit_whose_worker_was_lost_is_told(self, webhook: Webhook, make_edit: Make) -> None:
        edit = make_edit()
        assert edit_claims.claim_edit(edit.pk, "dies")
        Edit.objects.update(lease_until=timezone.now() - timedelta(1), last_attempt=1)
        edit_claims.sweep_edits()
        assert json.loads(Delivery.objects.get().body)["data"]["error"]["code"] == "worker_lost"

    def test_only_who_asked_is_told(
        self, webhook: Webhook, make_edit: Make, make_photo: Make, stranger: User
    ) -> None:
        services.change_webhook(webhook, events=["edit.failed"])
        off = services.create_webhook(webhook.owner, URL, ["edit.cancelled"])
        services.change_webhook(off, active=False)
        cancel_edit(make_edit())
        assert not Delivery.objects.exists()
        services.change_webhook(webhook, events=["edit.cancelled"])
        cancel_edit(make_edit(make_photo(owner=stranger)))
        assert not Delivery.objects.exists()

    def test_the_end_of_a_batch_is_told(
        self, api: Client, webhook: Webhook, make_photo: Make
    ) -> None:
        services.change_webhook(webhook, events=["batch.finished"])
        photos = [str(make_photo().pk) for _ in range(2)]
        asked = {"photos": photos, "operation": "expression", "name": "two"}
        made = post_json(api, asked).json()
        work_off(Batch.objects.get())
        told = json.loads(Delivery.objects.get().body)
        assert (told["type"], told["data"]["id"]) == ("batch.finished", made["id"])
        assert (told["data"]["status"], told["data"]["counts"]["done"]) == ("done", 2)
        api.post(f"/api/v1/batches/{post_json(api, asked).json()['id']}/cancel/")
        assert json.loads(Delivery.objects.first().body)["data"]["status"] == "cancelled"

    def test_a_change_that_is_undone_tells_nobody(self, webhook: Webhook, make_edit: Make) -> None:
        edit = make_edit()
        with transaction.atomic():
            cancel_edit(edit)
            assert Delivery.objects.exists()
            transaction.set_rollback(True)
        assert not Delivery.objects.exists()


class TestClaims:
    def test_one_takes_it_and_the_others_do_not(self, webhook: Webhook) -> None:
        services.send_test(webhook)
        services.send_test(webhook)
        first = claim_delivery("one")
        assert first is not None
        assert claim_delivery("two") is None  # one message at a time
        assert finish_attempt(first, outcome())
        second = claim_delivery("two")
        assert second is not None
        assert second.pk != first.pk

    def test_who_dies_is_replaced_and_comes_too_late(self, webhook: Webhook) -> None:
        services.send_test(webhook)
        dead = claim_delivery("dies")
        assert dead is not None
        Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        heir = claim_delivery("heir")
        assert heir is not None
        assert (heir.pk, heir.attempt) == (dead.pk, 2)
        assert not finish_attempt(dead, outcome(500))
        assert not Attempt.objects.exists()
        assert finish_attempt(heir, outcome())
        assert Delivery.objects.get().state == DeliveryState.DELIVERED

    def test_pauses_grow_and_end_after_a_day(
        self, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began = now = timezone.now()
        monkeypatch.setattr(claims.timezone, "now", lambda: now)
        delivery = services.send_test(webhook)
        pauses = []
        while delivery.state == DeliveryState.WAITING:
            assert delivery.next_at is not None
            now = max(now, delivery.next_at)
            claimed = claim_delivery("me")
            assert claimed is not None
            assert finish_attempt(claimed, outcome(None, "refused"))
            before, delivery = now, Delivery.objects.get()
            if delivery.next_at is not None:
                pauses.append((delivery.next_at - before).total_seconds())
        assert delivery.state == DeliveryState.FAILED
        assert 5 <= pauses[0] < 6
        assert all(2 < later / earlier < 4 for earlier, later in pairwise(pauses[:8]))  # fmt: skip
        assert max(pauses) < 7 * 3600
        assert timedelta(hours=17) < now - began <= timedelta(hours=24)
        assert delivery.attempts.count() in (11, 12)

    def test_a_server_that_says_gone_is_left_alone(self, webhook: Webhook) -> None:
        services.send_test(webhook)
        services.send_test(webhook)
        claimed = claim_delivery("me")
        assert claimed is not None
        finish_attempt(claimed, outcome(410))
        webhook.refresh_from_db()
        assert (webhook.active, webhook.inactive_because) == (False, "It answered 410 Gone.")
        assert claim_delivery("me") is None
        Delivery.objects.update(until=timezone.now() - timedelta(seconds=1))
        assert claims.give_up() == 1
        assert services.change_webhook(webhook, active=True).inactive_because == ""

    def test_the_log_is_kept_for_days(self, webhook: Webhook) -> None:
        services.send_test(webhook)
        claimed = claim_delivery("me")
        assert claimed is not None
        finish_attempt(claimed, outcome())
        assert services.delete_old_deliveries() == 0
        Delivery.objects.update(created=timezone.now() - services.KEPT - timedelta(seconds=1))
        assert services.delete_old_deliveries() == 1


def test_the_signature_is_that_of_the_standard() -> None:
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, b'id-1.1700000000.{"a":1}', hashlib.sha256).digest()
    assert sign(secret, "id-1", 1700000000, b'{"a":1}') == "v1," + base64.b64encode(expected).decode()  # fmt: skip
    # The example of the specification.
    assert sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
        b'{"test": 2432232314}',
    ) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="  # fmt: skip
    both = signed_headers([secret, new_secret()], "i", 1, b"")["webhook-signature"]
    assert [one[:3] for one in both.split(" ")] == ["v1,", "v1,"]


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "receiver.example", "::ffff:8.8.8.8"])  # fmt: skip
def test_the_world_is_not_private(host: str) -> None:
    assert not is_private(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1",
             "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "2002:7f00:1::"],
)  # fmt: skip
def test_what_is_private(host: str) -> None:
    assert is_private(host)
