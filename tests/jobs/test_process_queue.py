"""The queue worked on a real terminal: shown, chosen, carried out, told; and no prompt at which Ctrl-C does harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.queue import claiming
from core.settings import PROJECT
from core.uow import perform
from tests.builders import claimed, count, history, item, opened
from tests.cast import Cast
from tests.jobs.terminal import CTRL_C, CTRL_D, Terminal, terminal
from tests.queue.test_approving import asked
from tests.resolutions.records import decided

CHOICE, MOMENT, WHY = "q: stop? ", "Until (", "Why, in a sentence"


@contextmanager
def _at_work(*more: str, **env: str) -> Iterator[Terminal]:
    with terminal("process-queue", "--mode", "cli", "--staff", "reviewer", *more, env=env) as opened:
        yield opened


def _to(desk: Terminal, prompt: str) -> None:
    """Come to a prompt of the first item: the choice, a parameter of deferring, or the justification."""
    desk.until(CHOICE)
    if prompt == MOMENT:
        desk.types("defer")
        desk.until(MOMENT)
    if prompt == WHY:
        desk.types("resolve")
        desk.until(WHY)


def test_an_item_is_shown_decided_and_told_and_then_the_next(cast: Cast) -> None:
    first = opened(cast.manager, resource_type="thing", resource_id="77", priority="critical", reason="it broke",
                   context={"attempts": 3})  # fmt: skip
    second = opened(cast.manager)
    with _at_work() as desk:
        shown = desk.until(CHOICE)
        for told in (f"Item {first}", "critical", "Age", "due in", "odd_thing", "thing 77", "it broke", "attempts: 3"):
            assert told in shown
        desk.types("1")
        desk.until(WHY)
        desk.types("it was mended")
        desk.until(f"Item {first}: Resolve: recorded.")
        desk.until("It is resolved.")
        desk.until(f"Item {second}")
        desk.until(CHOICE)
        desk.types("q")
        desk.until(f"Item {second} went back to the queue.")
        assert desk.ends() == 0
    assert history(first) == ["OPEN", "CLAIM", "RESOLVE"]
    assert (item(first).resolved_by, item(second).status) == (cast.reviewer.staff_id, "open")
    done = "action = 'item.decided' AND actor_kind = 'cli' AND actor_name = 'reviewer' AND staff_id = :me"
    assert count("ops_audit_log", done, me=cast.reviewer.staff_id) == 1


def test_answers_that_do_not_fit_are_asked_for_again(cast: Cast) -> None:
    number = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, CHOICE)
        for nonsense in ("", "99", "-1", "²", "; DROP TABLE work_items"):
            desk.types(nonsense)
            desk.until("That is none of them.")
            desk.until(CHOICE)
        desk.types("defer")
        for nonsense in ("tomorrow", "2026-13-01T00:00Z"):
            desk.until(MOMENT)
            desk.types(nonsense)
            desk.until("That does not fit: until:")
        desk.until(MOMENT)
        desk.types("1999-01-01T00:00Z")
        desk.until(WHY)
        desk.types("too late")
        desk.until("Nothing was done: until: lies in the future")
        desk.until(CHOICE)
        desk.types("escalate")
        desk.until(WHY)
        desk.types("")
        desk.until(CHOICE)
        desk.types("escalate")
        desk.until(WHY)
        desk.types("above me")
        desk.until("Escalate: recorded.")
        desk.until("It is in progress and stays in your hands.")
        desk.until(CHOICE)
        desk.types(CTRL_D, enter=False)
        desk.until("went back")
        assert desk.ends() == 0
    assert history(number) == ["OPEN", "CLAIM", "ESCALATE", "RELEASE"]


@pytest.mark.parametrize("prompt", [CHOICE, MOMENT, WHY])
def test_ctrl_c_at_any_prompt_gives_the_item_back_and_says_so(cast: Cast, prompt: str) -> None:
    number = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, prompt)
        desk.types("half an ans", enter=False)
        desk.types(CTRL_C, enter=False)
        desk.until("Interrupted.")
        desk.until(f"Item {number} went back to the queue.")
        assert desk.ends() == 130
        assert "Traceback" not in desk.seen
    assert (item(number).status, history(number)) == ("open", ["OPEN", "CLAIM", "RELEASE"])


def test_ctrl_c_again_and_again_still_gives_the_item_back(cast: Cast) -> None:
    number = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, CHOICE)
        for _ in range(5):
            desk.types(CTRL_C, enter=False)
        assert desk.ends() == 130
        assert "Traceback" not in desk.seen
    assert item(number).status == "open"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_so_does_the_end_of_the_process_or_of_its_terminal(cast: Cast, number: signal.Signals) -> None:
    held = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, WHY)
        os.kill(desk.pid, number)
        assert desk.ends() == 128 + number
    assert item(held).status == "open"


def test_a_terminal_that_is_hung_up_gives_the_item_back(cast: Cast) -> None:
    held = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, CHOICE)
    assert item(held).status == "open"


def test_what_is_put_off_comes_back_at_the_end_and_a_batch_has_its_size(cast: Cast) -> None:
    first, second = opened(cast.manager, priority="high"), opened(cast.manager)
    opened(cast.manager, priority="low")
    with _at_work(MRQ_BATCH_SIZE="2") as desk:
        for number in (first, second):
            desk.until(f"Item {number}")
            desk.until(CHOICE)
            desk.types("s")
        desk.until("That was a batch of 2.")
        assert desk.ends() == 0
    assert count("work_items", "status = 'open'") == 3


def test_an_item_taken_over_meanwhile_is_let_go_of(cast: Cast) -> None:
    number = opened(cast.manager)
    with _at_work() as desk:
        _to(desk, WHY)
        from core.queue import assigning

        perform(cast.manager, assigning.take_over, number)
        desk.types("too late")
        desk.until("Nothing was done:")
        desk.until("Nothing is waiting for you: 1 in other hands.")
        assert desk.ends() == 0
    assert item(number).assigned_to == cast.manager.staff_id


def test_what_somebody_wrote_gives_the_terminal_no_orders(cast: Cast) -> None:
    opened(cast.manager, reason="red \x1b[31malert\x07 \x9b2J", context={"a\x1b]0;title\x07": "\u202eevil"})
    with _at_work() as desk:
        shown = desk.until(CHOICE)
        desk.types("q")
        assert desk.ends() == 0
    assert not set("\x1b\x07\x9b") & set(shown)


def test_personal_values_are_shown_as_the_persons_role_may_see_them(cast: Cast) -> None:
    opened(cast.manager, reason="call jane.roe@example.com", context={"email": "jane.roe@example.com"})
    with _at_work() as desk:
        assert "jane.roe" not in desk.until(CHOICE)
        desk.types("q")
        desk.ends()


def test_only_a_queue_that_was_asked_for_is_worked(cast: Cast) -> None:
    opened(cast.manager, queue="automation")
    with _at_work("--queue", "customer") as desk:
        desk.until("Nothing is waiting")
        assert desk.ends() == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--staff", "viewer"], 1, "ops.write"),
        (["--staff", "nobody"], 1, "There is no active member of staff nobody."),
        (["--mode", "tui"], 2, "tui"),
        (["--staff", "reviewer", "--queue", "none"], 2, "none"),
    ],
)
def test_who_may_not_or_asks_for_what_there_is_not_is_told_so(
    cast: Cast, words: list[str], code: int, said: str
) -> None:
    command = [sys.executable, "-m", "jobs", "process-queue", *words]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, input="", timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


def test_a_script_may_type_too(cast: Cast) -> None:
    number = opened(cast.manager)
    held = claimed(cast.reviewer2)
    command = [sys.executable, "-m", "jobs", "process-queue", "--staff", "reviewer"]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, check=False, input=b"resolve\n\xff\xfe done\n", timeout=60
    )
    assert (done.returncode, item(number).status) == (0, "resolved")
    perform(cast.reviewer2, claiming.release, held)


def test_what_another_proposed_is_shown_and_approved_or_sent_back(cast: Cast) -> None:
    first, second = asked(cast.reviewer2), asked(cast.reviewer2)
    for number in (first, second):
        decided(cast.reviewer2, number, "approve")
    with _at_work() as desk:
        shown = desk.until("a: approve what is proposed")
        for told in ("Proposed", "900.00 EUR", "Rolf Reviewer", "because it is so"):
            assert told in shown
        desk.types("a")
        desk.until(f"Item {first}: approved as proposed.")
        desk.until("a: approve what is proposed")
        desk.types("b")
        desk.until(WHY)
        desk.types("not agreed")
        desk.until(f"Item {second}: sent back.")
        desk.until(CHOICE)
        desk.types("q")
        assert desk.ends() == 0
    assert (item(first).status, item(second).status, item(second).proposal) == ("resolved", "open", None)
