"""Item types that administrators make: everything works with them, and nothing they are told can break anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core import db, fresh
from core.errors import Conflict, Invalid, NotFound, NotPermitted, OpsError
from core.permissions import Principal
from core.queue import claiming, deciding, inbox, viewing
from core.queue.deciding import Decision
from core.queue.filters import Filter
from core.queue.newcomers import NewItem
from core.queue.opening import open_item
from core.resolutions import administering
from core.resolutions.declaring import item_type, registry, shipped
from core.resolutions.describing import item_types
from core.resolutions.guiding import guide
from core.uow import perform
from jobs.showing import item_lines, option_lines
from tests.builders import claimed, count, item, opened, rows
from tests.cast import Cast

UNTIL = {"name": "until", "label": "Until", "widget": "date_time"}
CAUSE = {"name": "cause", "label": "Cause", "widget": "choice", "choices": ["lost", "late"]}
KNOWN: Mapping[str, Any] = {
    "name": "parcel_lost",
    "label": "Parcel lost",
    "queue": "customer",
    "resource_type": "parcel",
    "default_priority": "high",
    "sla_hours": 6,
    "lease_minutes": 5,
    "first_response_by": "reply",
    "context_keys": ["carrier"],
    "runbook": "Ask the carrier first.",
    "options": [
        {"name": "found", "label": "Found", "help": "It turned up.", "parameters": [CAUSE]},
        {"name": "tell", "label": "Tell the customer", "settles": "respond"},
        {"name": "wait", "label": "Wait", "settles": "defer", "parameters": [UNTIL]},
    ],
}


def _made(cast: Cast, **other: Any) -> None:
    perform(cast.admin, administering.create, {**KNOWN, **other})


def _with(path: str, value: Any) -> dict[str, Any]:
    """The known type with another value at one place."""
    told = json.loads(json.dumps(KNOWN))
    place: Any = told
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in way:
        place = place[part]
    place[last] = value
    return dict(told)


def test_a_newcomer_has_what_the_type_says(cast: Cast) -> None:
    _made(cast)
    found = item(opened(cast.admin, "parcel_lost", resource_id=7))
    assert (found.queue, found.priority, found.resource_type, found.title) == (
        "customer", "high", "parcel", "Parcel lost: parcel 7"
    )  # fmt: skip
    assert found.sla_deadline - found.created_at == timedelta(hours=6)
    assert found.priority_score > 0


def test_its_claims_hold_as_long_as_it_says_and_only_a_reply_answers(cast: Cast) -> None:
    _made(cast)
    number = claimed(cast.reviewer, "parcel_lost")
    held = item(number)
    assert held.lease_expires_at - held.assigned_at == timedelta(minutes=5)
    assert held.first_responded_at is None
    perform(cast.reviewer, deciding.decide, number, Decision("tell", "We are looking.", {}))
    assert item(number).first_responded_at is not None


def test_it_is_guided_and_decided_and_what_was_filled_in_is_kept(cast: Cast) -> None:
    _made(cast)
    number = claimed(cast.reviewer, "parcel_lost")
    seen = perform(cast.reviewer, guide, number)
    assert (seen.runbook, seen.missing, [offer.name for offer in seen.options]) == (
        "Ask the carrier first.", ("carrier",), ["found", "tell", "wait"]
    )  # fmt: skip
    with pytest.raises(Invalid, match="cause: is one of lost, late"):
        perform(cast.reviewer, deciding.decide, number, Decision("found", "It is here.", {"cause": "stolen"}))
    perform(cast.reviewer, deciding.decide, number, Decision("found", "It is here.", {"cause": "late"}))
    assert item(number).resolution_metadata["outcome"] == {"cause": "late"}
    perform(cast.reviewer, deciding.undo, number)
    assert item(number).status == "in_progress"


def test_the_terminal_and_the_list_know_it(cast: Cast) -> None:
    _made(cast)
    number = claimed(cast.reviewer, "parcel_lost")
    view, seen = perform(cast.reviewer, viewing.view, number), perform(cast.reviewer, guide, number)
    shown = "\n".join([*item_lines(view, seen), *option_lines(seen)])
    assert "Parcel lost (parcel_lost), in the queue customer" in shown
    assert "1  Found" in shown
    page = perform(cast.reviewer, inbox.page, Filter(item_type="parcel_lost"))
    assert [row.type_label for row in page.items] == ["Parcel lost"]


def test_items_that_came_before_their_type_have_its_options_at_once(cast: Cast) -> None:
    number = claimed(cast.reviewer, "parcel_lost")
    assert perform(cast.reviewer, guide, number).options[0].name == "resolve"
    _made(cast)
    assert perform(cast.reviewer, guide, number).options[0].name == "found"


def test_a_retired_type_takes_nothing_new_and_its_open_items_keep_their_options(cast: Cast) -> None:
    _made(cast)
    number = claimed(cast.reviewer, "parcel_lost")
    perform(cast.admin, administering.retire, "parcel_lost", 1)
    with pytest.raises(Invalid, match="parcel_lost is retired"):
        perform(cast.admin, open_item, NewItem("parcel_lost"))
    perform(cast.reviewer, deciding.decide, number, Decision("found", "It is here.", {"cause": "late"}))
    with pytest.raises(Conflict, match="used before"):
        _made(cast, label="Something else")
    perform(cast.admin, administering.bring_back, "parcel_lost", 2)
    assert opened(cast.admin, "parcel_lost")


def test_a_change_says_what_it_changed_and_who_comes_second_loses_nothing(cast: Cast) -> None:
    _made(cast)
    perform(cast.admin, administering.change, "parcel_lost", {**KNOWN, "sla_hours": 12}, 1)
    with pytest.raises(Conflict, match="changed by somebody else"):
        perform(cast.admin, administering.change, "parcel_lost", {**KNOWN, "label": "Mine"}, 1)
    (known,) = perform(cast.admin, administering.own_types)
    assert (known.version, known.form.sla_hours, known.form.label) == (2, 12, "Parcel lost")
    changed, created = perform(cast.admin, administering.history, "parcel_lost")
    assert (changed.who, changed.action) == ("admin", "item_type.changed")
    assert changed.told == {"changes": {"sla_hours": [6.0, 12.0]}}
    assert (created.action, created.told["changes"]["label"]) == ("item_type.created", [None, "Parcel lost"])


def test_of_two_changes_at_once_one_is_refused(cast: Cast) -> None:
    _made(cast)

    def attempt(label: str) -> str:
        try:
            perform(cast.admin, administering.change, "parcel_lost", {**KNOWN, "label": label}, 1)
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(attempt, ["One", "Two"])) == ["done", "refused"]


def test_a_name_is_one_makers_alone(cast: Cast) -> None:
    def attempt(_: int) -> str:
        try:
            _made(cast)
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(4) as all_at_once:
        assert sorted(all_at_once.map(attempt, range(4))) == ["done", *["refused"] * 3]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_type_is_never_made_or_changed_here(cast: Cast, name: str) -> None:
    with pytest.raises(Conflict, match="comes with Opsdesk"):
        _made(cast, name=name)
    with pytest.raises(NotFound):
        perform(cast.admin, administering.change, name, KNOWN, 1)
    assert registry()[name] is shipped()[name]


@pytest.mark.parametrize("who", ["viewer", "reviewer", "manager", "auditor"])
def test_only_administrators_make_types(cast: Cast, who: str) -> None:
    made_by: Principal = getattr(cast, who)
    for verb, args in (("create", (KNOWN,)), ("change", ("x", KNOWN, 1)), ("retire", ("x", 1)), ("own_types", ())):
        with pytest.raises(NotPermitted, match=r"ops\.admin"):
            perform(made_by, getattr(administering, verb), *args)
    assert count("item_types") == 0


LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("name", "Parcel lost", "name"),
        ("name", "pärcel", "name"),
        ("name", LONG, "name"),
        ("label", "", "label"),
        ("label", "\u202edecalp", "label"),
        ("label", "a\x00b", "label"),
        ("label", LONG, "label"),
        ("queue", "everything", "queue"),
        ("default_priority", 1, "default priority"),
        ("sla_hours", float("nan"), "sla hours"),
        ("sla_hours", 1e308, "sla hours"),
        ("sla_hours", -1, "sla hours"),
        ("lease_minutes", True, "lease minutes"),
        ("lease_minutes", 10**30, "lease minutes"),
        ("runbook", LONG, "runbook"),
        ("runbook", "\ud800", "runbook"),
        ("context_keys", ["a", "a"], "item type"),
        ("context_keys", ["a b"], "context key 1"),
        ("options", [], "options"),
        ("options", [{"name": "wait", "label": "Wait", "settles": "defer"}], "item type"),
        ("options", [KNOWN["options"][0]] * 2, "item type"),
        ("options", [KNOWN["options"][0]] * 13, "options"),
        ("options", "DROP TABLE", "options"),
        ("options.1.label", None, "option 2, label"),
        ("options.1.settles", "refund", "option 2, settles"),
        ("options.1.effect", "pay", "option 2, effect"),
        ("options.0.parameters.0.widget", "html", "option 1, parameter 1, widget"),
        ("options.0.parameters.0.choices", [], "option 1, parameter 1"),
        ("options.0.parameters.0.choices", ["a", "a"], "option 1, parameter 1"),
        ("options.0.parameters.0.required", "yes", "option 1, parameter 1, required"),
        ("options.2.parameters.0.widget", "text", "option 3, parameter 1"),
        ("version", 7, "version"),
        ("is_retired", True, "is retired"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(cast: Cast, path: str, value: Any, place: str) -> None:
    with pytest.raises(Invalid) as refusal:
        perform(cast.admin, administering.create, _with(path, value))
    assert refusal.value.field == place
    assert count("item_types") == 0


def test_what_looks_like_markup_or_sql_is_kept_as_it_was_written(cast: Cast) -> None:
    label = "<img src=x onerror=alert(1)> '; DROP TABLE staff --"
    _made(cast, label=label)
    assert item_type("parcel_lost").label == label


def test_a_type_that_a_later_version_wrote_is_left_out_and_its_items_are_not_lost(cast: Cast) -> None:
    _made(cast)
    with db.engine("owner").begin() as connection:
        connection.execute(text('UPDATE item_types SET options = \'[{"name": "x", "effect": "new"}]\''))
    fresh.drop_all()
    number = claimed(cast.reviewer, "parcel_lost")
    assert perform(cast.reviewer, guide, number).options[0].name == "resolve"
    assert perform(cast.admin, administering.own_types) == []


def test_another_process_sees_a_change_within_seconds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "parcel_lost" not in registry()
    monkeypatch.setattr("core.resolutions.own.drop", lambda: None)  # as if another process had made it
    _made(cast)
    assert "parcel_lost" not in registry()
    monkeypatch.setattr("core.fresh.FRESH_SECONDS", -1.0)
    assert "parcel_lost" in registry()


def test_hot_paths_ask_the_database_for_types_once_in_seconds(cast: Cast) -> None:
    _made(cast)
    before = registry()
    assert all(registry() is before for _ in range(100))


def test_the_page_of_types_tells_of_those_that_are_shipped_alone(cast: Cast) -> None:
    _made(cast)
    assert "parcel_lost" not in item_types()


def test_as_many_as_can_be_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administering, "MOST_TYPES", 2)
    _made(cast, name="a")
    _made(cast, name="b")
    with pytest.raises(OpsError, match="no more"):
        _made(cast, name="c")


def test_every_claim_and_batch_works_with_them(cast: Cast) -> None:
    _made(cast)
    numbers = [claimed(cast.reviewer, "parcel_lost") for _ in range(3)]
    perform(cast.reviewer, claiming.release, numbers[0])
    assert [row.status for row in rows("SELECT status FROM work_items ORDER BY id")] == [
        "open", "in_progress", "in_progress"
    ]  # fmt: skip
