"""What programs do to items: with the version they have seen, once under a key, and to nobody else's surprise."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from core import clock, repeating
from core.permissions import process
from core.uow import perform
from tests.api.conftest import V1, Client, Program
from tests.builders import claimed, count, history, item, opened
from tests.cast import NOON, Cast

KEY = {"Idempotency-Key": "order-1"}


def _act(number: int) -> str:
    return f"{V1}/work-items/{number}/actions"


def test_an_item_is_worked_on_from_claim_to_decision_by_its_etag(client: Client, cast: Cast) -> None:
    number = opened(cast.manager, "complaint")
    script = client(cast.reviewer)
    tag = script.get(f"{V1}/work-items/{number}").headers["ETag"]
    for said in (
        {"action": "claim"},
        {"action": "wait", "waiting_on": "customer", "note": "asked"},
        {"action": "resume"},
        {"action": "reject", "reason": "nothing wrong"},
        {"action": "undo"},
    ):
        done = script.post(_act(number), json=said, headers={"If-Match": tag})
        assert done.status_code == 200, done.text
        tag = done.headers["ETag"]
        assert tag == f'"{done.json()["version"]}"'
    assert history(number) == ["OPEN", "CLAIM", "WAIT", "RESUME", "REJECT", "UNDO"]


def test_what_has_changed_meanwhile_is_412_by_tag_and_409_by_version_with_the_current_one(
    client: Client, cast: Cast
) -> None:
    number = claimed(cast.reviewer2)
    script, said = client(cast.reviewer), {"action": "escalate", "reason": "it burns"}
    by_tag = script.post(_act(number), json=said, headers={"If-Match": '"1"'})
    by_version = script.post(_act(number), json=said | {"version": 1})
    assert (by_tag.status_code, by_version.status_code) == (412, 409)
    assert by_tag.json()["current"]["version"] == by_version.json()["current"]["version"] == 2
    assert script.post(_act(number), json={"action": "claim"}).status_code == 409  # in other hands, not stale
    both = script.post(_act(number), json=said | {"version": 1}, headers={"If-Match": '"2"'})
    assert (both.status_code, both.json()["field"]) == (422, "version")
    assert item(number).version == 2


DEEDS: tuple[tuple[dict[str, object], str], ...] = (
    ({}, "action"),
    ({"action": "destroy"}, "action"),
    ({"action": "claim", "status": "resolved"}, "status"),
    ({"action": "assign", "assignee": "1"}, "assignee"),
    ({"action": "defer", "until": "2026-11-21T09:00:00"}, "until"),
    ({"action": "defer", "until": 5}, "until"),
    ({"action": "defer", "until": "0000-01-01T00:00:00Z"}, "until"),
    ({"action": "claim", "version": True}, "version"),
    ({"action": "comment", "text": "x" * 16_001}, "text"),
    ({"action": "resolve", "option": "resolve", "justification": "  "}, "justification"),
    ({"action": "resolve", "option": "none", "justification": "x"}, "option"),
)


def test_a_deed_that_does_not_fit_is_refused_by_field(client: Client, cast: Cast) -> None:
    number, script, wrong = claimed(cast.reviewer), client(cast.reviewer), []
    for said, field in DEEDS:
        answer = script.post(_act(number), json=said)
        if answer.status_code != 422 or answer.json()["field"] != field:
            wrong.append((said, answer.text[:200]))
    assert wrong == []
    assert history(number) == ["OPEN", "CLAIM"]


def test_many_items_are_each_answered_in_order_the_bad_one_alone_refused(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    body = [{"item_type": "x", "external_ref": str(place)} for place in range(5)]
    body[3] = {"item_type": "x", "priority": "urgent"}
    answers = script.post(f"{V1}/work-items", json=body)
    told = answers.json()
    assert answers.status_code == 201
    assert [each["outcome"] for each in told] == ["new", "new", "new", "refused", "new"]
    assert (told[3]["field"], told[3]["id"]) == ("priority", None)
    again = script.post(f"{V1}/work-items", json=[body[0], body[4]])
    assert (again.status_code, [each["outcome"] for each in again.json()]) == (200, ["known", "known"])
    assert [each["id"] for each in again.json()] == [told[0]["id"], told[4]["id"]]
    assert script.post(f"{V1}/work-items", json=body[3:4]).json()[0]["outcome"] == "refused"
    assert count("work_items") == 4


def test_more_than_five_hundred_are_refused(client: Client, cast: Cast) -> None:
    answer = client(cast.reviewer).post(f"{V1}/work-items", json=[{"item_type": "x"}] * 501)
    assert (answer.status_code, count("work_items")) == (422, 0)


def test_a_call_repeated_under_its_key_is_done_once_and_answered_alike(client: Client, cast: Cast) -> None:
    script, body = client(cast.reviewer), {"item_type": "x"}
    first, again = (script.post(f"{V1}/work-items", json=body, headers=KEY) for _ in range(2))
    assert (first.json(), first.status_code) == (again.json(), again.status_code)
    other = script.post(f"{V1}/work-items", json={"item_type": "y"}, headers=KEY)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    elsewhere = script.post(f"{V1}/work-items/take-next", json=body, headers=KEY)
    assert elsewhere.status_code == 422
    assert count("work_items") == 1
    assert client(cast.reviewer).post(f"{V1}/work-items", json=body, headers=KEY).json() != first.json()


def test_of_thirty_two_at_once_under_one_key_one_is_done(program: Program, cast: Cast) -> None:
    script = program(cast.reviewer)

    def call(_: int) -> tuple[int, object]:
        answer = script.post(f"{V1}/work-items", json={"item_type": "x"}, headers=KEY)
        return answer.status_code, answer.json()[0]["id"] if answer.status_code == 201 else None

    with ThreadPoolExecutor(32) as crowd:
        answers = Counter(crowd.map(call, range(32)))
    assert {status for status, _ in answers} <= {201, 409}
    assert len({number for status, number in answers if status == 201}) == 1
    assert (count("work_items"), count("kept_answers")) == (1, 1)


def test_a_refused_call_keeps_no_answer_and_a_taken_item_is_the_same_again(client: Client, cast: Cast) -> None:
    script = client(cast.reviewer)
    assert script.post(f"{V1}/work-items", json={"item_type": "a b"}, headers=KEY).status_code == 422
    assert count("kept_answers") == 0
    opened(cast.manager), opened(cast.manager)
    taken = [script.post(f"{V1}/work-items/take-next", headers=KEY).json()["item"]["id"] for _ in range(2)]
    assert taken[0] == taken[1]
    assert count("work_items", "assigned_to IS NOT NULL") == 1


def test_a_kept_answer_is_forgotten_after_its_time(client: Client, cast: Cast) -> None:
    with clock.frozen(NOON):
        script = client(cast.reviewer)
        script.post(f"{V1}/work-items", json={"item_type": "x"}, headers=KEY)
    job = process("job", "forget_answers")
    with clock.frozen(NOON + timedelta(hours=24, seconds=-1)):
        assert perform(job, repeating.forget_answers) == 0
    with clock.frozen(NOON + timedelta(hours=24)):
        assert script.post(f"{V1}/work-items", json={"item_type": "y"}, headers=KEY).status_code == 201
    with clock.frozen(NOON + timedelta(hours=48)):
        assert perform(job, repeating.forget_answers) == 1
    assert count("kept_answers") == 0
