"""The small forms of deeds that need a word first: whom to wait on, until when, why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock
from core.people import Person
from core.permissions import Principal
from core.queue import approving, assigning, deciding, deferring, escalating, noting, waiting
from core.queue.assigning import MAY_HOLD
from core.queue.inbox import QueueRow
from core.queue.offering import Deed
from core.uow import UnitOfWork
from core.words import Priority, WaitingOn
from ui import acting, badges, focus, times
from ui.item import deeds, onward
from ui.plain import distinct

P = ParamSpec("P")
_MORNING = time(9)


def draw(me: Principal, row: QueueRow, deed: Deed, people: Sequence[Person]) -> None:
    """Draw the form of `deed`, the cursor in its first field."""
    with st.container(border=True, key=focus.HERE, gap="small"):
        _FORMS[deed](me, row, people)


def _wait(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Wait on whom?** It stays in your hands.")
    with st.container(horizontal=True, gap="xsmall"):
        for place, whom in enumerate(WaitingOn, 1):
            _go(f"{badges.words(whom)}", str(place), _do_wait, row, whom, key=whom)
        _cancel()


def _do_wait(item_id: int, version: int, whom: str) -> None:
    _done(
        f"Item {item_id} waits on the {whom}.", f"wait:{item_id}:{version}", waiting.wait_on, item_id, whom, "", version
    )


def _defer(me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Put it off until when?** The deadline does not move.")
    now = clock.now()
    with st.container(horizontal=True, gap="xsmall"):
        for place, (label, until) in enumerate(moments(now, me.zone), 1):
            _go(label, str(place), _do_defer, row, until, key=f"until_{place}")
        _cancel()
    local = (now + timedelta(days=1)).astimezone(ZoneInfo(me.zone)).replace(tzinfo=None, second=0, microsecond=0)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        st.datetime_input("Another time", value=local, key=_field("until", row), width=230)
        st.button("Defer", key="defer_until", on_click=_do_defer_until, args=(row.id, row.version, me.zone))


def moments(now: datetime, zone: str) -> list[tuple[str, datetime]]:
    """Until when things are usually put off, and how one says it."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today + timedelta(days=7 - today.weekday())
    morning, week = (
        datetime.combine(day, _MORNING, ZoneInfo(zone)).astimezone(UTC) for day in (today + timedelta(days=1), monday)
    )
    return [
        ("1 h", now + timedelta(hours=1)),
        ("4 h", now + timedelta(hours=4)),
        ("Tomorrow 9:00", morning),
        ("Monday 9:00", week),
    ]


def _do_defer(item_id: int, version: int, until: datetime) -> None:
    said = f"Item {item_id} is put off for {times.ago(until, clock.now()).removeprefix('in ')}."
    if _done(said, f"defer:{item_id}:{version}", deferring.defer, item_id, until, "", version):
        onward.go_on(item_id)


def _do_defer_until(item_id: int, version: int, zone: str) -> None:
    given = st.session_state.get(f"ask_until_{item_id}")
    if given is None:
        acting.refuse("Until needs a day and a time.", "until")
    else:
        _do_defer(item_id, version, given.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


def _escalate(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Escalate.** The level goes up by one; status and holder stay.")
    _reason(row, "Why it needs somebody else's eyes")
    _confirm("Escalate", _do_escalate, row)


def _do_escalate(item_id: int, version: int) -> None:
    token, why = f"escalate:{item_id}:{version}", _said(item_id)
    _done(f"Item {item_id} is escalated.", token, escalating.escalate, item_id, why, version=version)


def _priority(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Another priority.** Deadline and score follow at once.")
    others = [priority for priority in Priority if priority != row.priority]
    st.segmented_control(
        "To",
        others,
        format_func=lambda key: badges.PRIORITY[key].word,
        default=others[0],
        required=True,
        key=_field("priority", row),
        label_visibility="collapsed",
    )
    _reason(row, "Why it matters more, or less")
    _confirm("Change priority", _do_priority, row)


def _do_priority(item_id: int, version: int) -> None:
    to, why = str(st.session_state.get(f"ask_priority_{item_id}", "")), _said(item_id)
    said = f"Item {item_id} has {to} priority now."
    _done(said, f"priority:{item_id}:{version}", noting.change_priority, item_id, to, why, version)


def _reject(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Reject.** No decision is needed, or it is not ours to make.")
    _reason(row, "Why")
    _confirm("Reject", _do_reject, row)


def _do_reject(item_id: int, version: int) -> None:
    said = f"Item {item_id} is rejected."
    if _done(said, f"decide:{item_id}:{version}", deciding.reject, item_id, _said(item_id), version):
        onward.go_on(item_id)


def _send_back(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Send it back.** The proposal is turned down, and the item is open for anybody again.")
    _reason(row, "Why")
    _confirm("Send back", _do_send_back, row)


def _do_send_back(item_id: int, version: int) -> None:
    said = f"Item {item_id} is back in the queue, with your reason."
    _done(said, f"send_back:{item_id}:{version}", approving.send_back, item_id, _said(item_id), version)


def _reopen(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    st.markdown("**Open it again.** A new deadline begins; the old one stays in the figures.")
    _reason(row, "Why")
    _confirm("Reopen", _do_reopen, row)


def _do_reopen(item_id: int, version: int) -> None:
    said = f"Item {item_id} is open again."
    _done(said, f"reopen:{item_id}:{version}", deciding.reopen, item_id, _said(item_id), version)


def _comment(_me: Principal, row: QueueRow, _people: Sequence[Person]) -> None:
    _reason(row, "Comment", longest=noting.COMMENT_LENGTH)
    _confirm("Comment", _do_comment, row)


def _do_comment(item_id: int, version: int) -> None:
    # The text is part of the token: the same words twice in a row are a double click, others are not.
    said = _said(item_id)
    token = f"comment:{item_id}:{version}:{hash(said)}"
    _done(f"Your comment is in the history of item {item_id}.", token, noting.comment, item_id, said)


def _assign(_me: Principal, row: QueueRow, people: Sequence[Person]) -> None:
    able = distinct({p.id: p.full_name for p in people if p.role in MAY_HOLD and p.id != row.assigned_to}, 60)
    st.selectbox(
        "Assign to",
        list(able),
        format_func=lambda key: able.get(key, ""),
        index=None,
        placeholder="Whose hands?",
        key=_field("assignee", row),
    )
    _confirm("Assign", _do_assign, row)


def _do_assign(item_id: int, version: int) -> None:
    chosen = st.session_state.get(f"ask_assignee_{item_id}")
    if not isinstance(chosen, int):
        acting.refuse("Choose somebody to assign it to.", "assignee")
    else:
        _done(f"Item {item_id} is assigned.", f"assign:{item_id}:{version}", assigning.assign, item_id, chosen, version)


_FORMS: dict[Deed, Callable[[Principal, QueueRow, Sequence[Person]], None]] = {
    Deed.WAIT: _wait,
    Deed.DEFER: _defer,
    Deed.ESCALATE: _escalate,
    Deed.PRIORITY: _priority,
    Deed.REJECT: _reject,
    Deed.REOPEN: _reopen,
    Deed.SEND_BACK: _send_back,
    Deed.COMMENT: _comment,
    Deed.ASSIGN: _assign,
}


def _field(name: str, row: QueueRow) -> str:
    return f"ask_{name}_{row.id}"


def _reason(row: QueueRow, label: str, longest: int = 2_000) -> None:
    st.text_area(label, key=_field("reason", row), height=80, max_chars=longest)


def _said(item_id: int) -> str:
    return str(st.session_state.get(f"ask_reason_{item_id}") or "")


def _confirm(label: str, deed: Callable[..., None], row: QueueRow) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        _go(label, "Ctrl+Enter", deed, row, key="confirm", kind="primary")
        _cancel()


def _go(
    label: str, shortcut: str, deed: Callable[..., None], row: QueueRow, *args: Any, key: str, kind: Any = "secondary"
) -> None:
    st.button(label, key=f"ask_{key}", shortcut=shortcut, type=kind, on_click=deed, args=(row.id, row.version, *args))


def _cancel() -> None:
    st.button("Cancel", key="ask_cancel", shortcut="Escape", type="tertiary", on_click=deeds.stop_asking)


def _done(
    said: str, token: str, verb: Callable[Concatenate[UnitOfWork, P], Any], *args: P.args, **kwargs: P.kwargs
) -> bool:
    """Do it once; when it is done, say so and close the form. A refusal leaves what was typed where it is."""
    done = acting.once(token, verb, *args, **kwargs)
    if done:
        acting.say(said)
        deeds.stop_asking()
    return bool(done)
