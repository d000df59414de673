"""Effects leave once they are due, are closed under their fence, and come back in words when they fail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, config
from core.errors import Conflict, NotPermitted, OpsError
from core.outbox import delivering
from core.outbox.kinds import Entry, Kind, Verdict, declare_kind
from core.outbox.posting import post
from core.permissions import process
from core.queue import assigning, claiming, deciding, deferring, waiting
from core.resolutions.guiding import guide
from core.uow import UnitOfWork, perform
from tests.builders import count, history, item, rows
from tests.cast import NOON, Cast
from tests.outbox.storage import Storage
from tests.resolutions import records as r
from tests.resolutions.records import decided, held

JOB = process("job", "deliver_outbox")
LATER = timedelta(seconds=11)


def deliver(at: datetime = NOON + LATER) -> dict[str, int]:
    """One pass of the outbox at a moment."""
    with clock.frozen(at):
        counts = delivering.deliver(lambda verb, /, *args, **kwargs: perform(JOB, verb, *args, **kwargs))
    return {how: number for how, number in counts.items() if number}


def entry() -> Any:
    return rows("SELECT * FROM outbox ORDER BY id DESC LIMIT 1")[0]


@pytest.fixture
def ordered(cast: Cast, storage: Storage, noon: datetime) -> int:
    """An item whose file is to be deleted, before it has left."""
    return order(cast, storage, "204/a.pdf")


def order(cast: Cast, storage: Storage, path: str) -> int:
    url = storage.url(path)
    number = held(
        cast.reviewer, "pdf_deletion_failed", ("meal_plan", r.meal_plan(pdf_url=url)), pdf_url=url, retry_count=3
    )
    decided(cast.reviewer, number, "retry_deletion")
    return number


@pytest.mark.parametrize("path", ["204/a.pdf", "200/a.pdf", "404/a.pdf", "410/a.pdf"])
def test_what_is_gone_settles_the_item(cast: Cast, storage: Storage, noon: datetime, path: str) -> None:
    number = order(cast, storage, path)
    assert deliver(NOON + timedelta(seconds=9)) == {}
    assert deliver() == {"done": 1}
    assert storage.asked == [(f"/{path}", f"item-{number}-3", "Bearer blob-token")]
    after = item(number)
    assert (after.status, after.resolved_by, after.resolution) == ("resolved", cast.reviewer.staff_id, "retry_deletion")
    assert after.resolution_metadata["outcome"] == {"status": int(path[:3])}
    assert after.resolution_metadata["justification"] == "because it is so"
    assert count("meal_plans", "pdf_url IS NULL AND pdf_deleted_at = :at", at=NOON + LATER) == 1
    assert history(number)[-2:] == ["EFFECT", "RESOLVE"]
    assert count("clock_events", "kind = 'fulfil' AND item_id = :id", id=number) == 1
    assert deliver() == {}


@pytest.mark.parametrize(("path", "told"), [("503/a", "answered 503"), ("302/a", "redirect"), ("never", "in time")])
def test_what_fails_comes_back_with_the_error(
    cast: Cast, storage: Storage, noon: datetime, monkeypatch: pytest.MonkeyPatch, path: str, told: str
) -> None:
    monkeypatch.setattr("core.outgoing.sending.send.__kwdefaults__", {"headers": None, "body": None, "deadline": 0.3})
    number = order(cast, storage, path)
    assert deliver() == {"returned": 1}
    after = item(number)
    assert (after.status, after.assigned_to, after.resolution) == ("in_progress", cast.reviewer.staff_id, None)
    assert told in after.context["last_error"]
    assert after.context["retry_count"] == 4
    assert history(number)[-2:] == ["EFFECT", "EFFECT"]
    assert count("meal_plans", "pdf_url IS NOT NULL") == 1
    with clock.frozen(NOON + timedelta(minutes=1)):
        first = perform(cast.reviewer, guide, number).recommended
        assert first is not None
        assert first.name == "defer_hour"
        decided(cast.reviewer, number, "defer_hour")
    assert item(number).deferred_until == NOON + timedelta(minutes=61)
    assert len(storage.asked) == 1


def test_an_item_under_way_stays_where_it_is(cast: Cast, ordered: int) -> None:
    attempts = [
        lambda uow: claiming.release(uow, ordered),
        lambda uow: deferring.defer(uow, ordered, NOON + timedelta(hours=1)),
        lambda uow: waiting.wait_on(uow, ordered, "customer"),
        lambda uow: deciding.reject(uow, ordered, "no"),
        lambda uow: deciding.decide(uow, ordered, deciding.Decision("mark_failed", "so", {})),
        lambda uow: deciding.decide(uow, ordered, deciding.Decision("retry_deletion", "again", {})),
    ]
    before = item(ordered)
    for attempt in attempts:
        with pytest.raises(Conflict, match="being carried out"):
            perform(cast.reviewer, attempt)
    for verb in (assigning.take_over, claiming.claim):
        with pytest.raises(OpsError):
            perform(cast.manager, verb, ordered)
    with clock.frozen(NOON + timedelta(hours=5)):
        assert perform(process("job", "expire_leases"), claiming.expire_leases) == 0
    assert item(ordered) == before
    assert count("outbox") == 1


def test_undo_cancels_what_has_not_left(cast: Cast, storage: Storage, ordered: int) -> None:
    with pytest.raises(Conflict):
        perform(cast.manager, deciding.undo, ordered)
    perform(cast.reviewer, deciding.undo, ordered)
    assert (item(ordered).status, item(ordered).resolution, entry().state) == ("in_progress", None, "cancelled")
    assert deliver() == {}
    assert storage.asked == []
    decided(cast.reviewer, ordered, "retry_deletion")
    assert deliver() == {"done": 1}
    assert count("outbox", "state = 'done'") == 1


def test_what_was_leased_cannot_be_recalled(cast: Cast, ordered: int) -> None:
    with clock.frozen(NOON + LATER):
        perform(JOB, delivering.lease)
        with pytest.raises(Conflict, match="on its way"):
            perform(cast.reviewer, deciding.undo, ordered)
    assert item(ordered).resolution == "retry_deletion"


def test_a_worker_past_its_lease_closes_nothing(cast: Cast, ordered: int) -> None:
    with clock.frozen(NOON + LATER):
        slow = perform(JOB, delivering.lease)[0]
        assert list(perform(JOB, delivering.lease)) == []
    assert deliver(NOON + timedelta(minutes=2)) == {"done": 1}
    before = item(ordered)
    assert perform(JOB, delivering.close, slow, Verdict(False, "late")) == "stale"
    assert (item(ordered), entry().last_error) == (before, None)


def test_a_file_that_is_newer_is_not_forgotten(cast: Cast, storage: Storage, noon: datetime) -> None:
    plan = r.meal_plan(pdf_url="https://store.test/new.pdf")
    number = held(cast.reviewer, "pdf_deletion_failed", ("meal_plan", plan), pdf_url=storage.url("204/old.pdf"))
    decided(cast.reviewer, number, "retry_deletion")
    assert deliver() == {"done": 1}
    assert r.row("meal_plans", plan)["pdf_url"] == "https://store.test/new.pdf"


@pytest.mark.parametrize("url", ["https://evil.test/a", "http://127.0.0.1:1/a", "http://169.254.169.254/", "not a url"])
def test_an_address_elsewhere_is_refused_before_anything_is_decided(
    cast: Cast, storage: Storage, noon: datetime, url: str
) -> None:
    number = held(cast.reviewer, "pdf_deletion_failed", ("meal_plan", r.meal_plan()), pdf_url=url)
    with pytest.raises(OpsError, match="address"):
        decided(cast.reviewer, number, "retry_deletion")
    assert count("outbox") == 0


def test_without_a_storage_the_screen_says_so(cast: Cast, noon: datetime) -> None:
    number = held(cast.reviewer, "pdf_deletion_failed", ("meal_plan", r.meal_plan()), pdf_url="https://store.test/a")
    offer = next(o for o in perform(cast.reviewer, guide, number).options if o.name == "retry_deletion")
    assert offer.leaves_the_house
    assert "No file storage is configured" in (offer.refusal or "")


class Errand:
    """A kind of effect without an item, whose answers a test decides."""

    def __init__(self) -> None:
        self.verdict, self.sent = Verdict(True, "well"), list[Entry]()

    def send(self, given: Entry) -> Verdict:
        self.sent.append(given)
        return self.verdict

    def post(self, key: str = "errand-1") -> bool:
        def posted(uow: UnitOfWork) -> bool:
            return post(uow, "errand", {}, key, due_at=uow.now)

        return perform(JOB, posted)


@pytest.fixture
def errand(database: None, noon: datetime) -> Errand:
    made = Errand()
    declare_kind(Kind("errand", made.send))
    return made


def test_one_key_is_one_effect(errand: Errand) -> None:
    assert [errand.post(), errand.post()] == [True, False]
    assert deliver(NOON) == {"done": 1}
    assert [sent.key for sent in errand.sent] == ["errand-1"]


def test_what_may_pass_is_tried_again_with_growing_pauses_and_then_parked(errand: Errand) -> None:
    errand.post()
    errand.verdict = Verdict(False, "The other side answered 503.", again=True)
    at, pauses = NOON, []
    for _ in range(7):
        assert deliver(at) == {"again": 1}
        pauses.append((entry().due_at - at).total_seconds())
        at = entry().due_at
    assert all(2.5 * 2**n <= pause <= 5 * 2**n for n, pause in enumerate(pauses))
    assert deliver(at) == {"parked": 1}
    assert (entry().last_error, entry().attempts) == ("The other side answered 503.", 8)
    assert deliver(at + timedelta(days=1)) == {}
    assert {sent.key for sent in errand.sent} == {"errand-1"}


def test_a_pause_that_was_asked_for_is_kept(errand: Errand) -> None:
    errand.post()
    errand.verdict = Verdict(False, "429", again=True, pause=timedelta(minutes=20))
    deliver(NOON)
    assert entry().due_at == NOON + timedelta(minutes=20)


def test_a_refusal_for_good_is_parked_at_once_and_an_administrator_sends_it_again(cast: Cast, errand: Errand) -> None:
    errand.post()
    errand.verdict = Verdict(False, "400")
    assert deliver(NOON) == {"parked": 1}
    with pytest.raises(NotPermitted):
        perform(cast.manager, delivering.resend, entry().id)
    perform(cast.admin, delivering.resend, entry().id)
    with pytest.raises(Conflict):
        perform(cast.admin, delivering.resend, entry().id)
    errand.verdict = Verdict(True, "204")
    assert deliver(NOON) == {"done": 1}
    assert [sent.key for sent in errand.sent] == ["errand-1"] * 2
    assert count("ops_audit_log", "action = 'effect.resent'") == 1


def test_what_ends_its_worker_five_times_is_parked_and_others_flow(errand: Errand) -> None:
    errand.post("poison")
    for minute in range(5):
        with clock.frozen(NOON + timedelta(minutes=2 * minute)):
            assert len(perform(JOB, delivering.lease)) == 1
    errand.post("sound")
    assert deliver(NOON + timedelta(minutes=10)) == {"parked": 1, "done": 1}
    assert [sent.key for sent in errand.sent] == ["sound"]
    assert rows("SELECT state FROM outbox ORDER BY id") == [("parked",), ("done",)]


def test_an_item_whose_effect_ends_its_worker_comes_back(cast: Cast, ordered: int) -> None:
    for minute in range(1, 6):
        with clock.frozen(NOON + timedelta(minutes=2 * minute)):
            perform(JOB, delivering.lease)
    assert deliver(NOON + timedelta(minutes=12)) == {"parked": 1}
    assert item(ordered).resolution is None
    assert "Its worker ended" in item(ordered).context["last_error"]


def test_an_unknown_kind_is_parked_and_says_so(database: None, noon: datetime) -> None:
    perform(JOB, lambda uow: post(uow, "nonsense", {}, "k", due_at=uow.now))
    assert deliver(NOON) == {"parked": 1}
    assert "nonsense" in entry().last_error


def test_the_number_of_tries_is_a_setting(cast: Cast, errand: Errand) -> None:
    perform(cast.admin, config.change, "OUTBOX_TRIES", "1")
    errand.post()
    errand.verdict = Verdict(False, "503", again=True)
    assert deliver(NOON) == {"parked": 1}
