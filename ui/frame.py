"""The frame around every page: the menu of what this person may open, who is signed in, and what stays live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from core.alerts.inbox import Bell, bell
from core.errors import Unavailable
from core.permissions import Permission, Principal
from core.running import runner_is_missing
from core.settings import PROJECT
from core.uow import perform
from ui import acting, badges, gate, pulse
from ui.bar.tools import KEYS
from ui.plain import literal
from web.cookies import FORM_TOKEN, form_cookie

TICK_SECONDS = 5
REDRAW_SECONDS = 60
SIDEBAR_PIXELS = 212
_DRAWN = "frame.drawn"
_RUNG_AT = "frame.rung_at"
_STYLE = (
    '<style>[data-testid="stMainBlockContainer"]{padding-left:1.5rem;padding-right:1.5rem}'
    f'[data-testid="stSidebarUserContent"]{{padding-top:0.5rem}}.st-key-{KEYS}{{display:none}}</style>'
)
"""What the theme has no option for: on a wide page, Streamlit leaves a tenth of the screen empty; and a key needs a
button, even where none is wanted."""
_SIGN_OUT = (
    '<form method="post" action="/logout" style="margin:0"><input type="hidden" name="form" value="{token}">'
    '<button type="submit" style="font:inherit;font-size:0.9rem;color:inherit;background:none;border:0;padding:0;'
    'cursor:pointer;text-decoration:underline;text-underline-offset:3px">Sign out</button></form>'
)


@dataclass(frozen=True)
class Entry:
    """One page of the menu: its section, its file, and the permission that its file's gate asks for."""

    section: str
    file: str
    title: str
    icon: str
    permission: Permission
    help: str

    def page(self, unread: int) -> st.Page:
        """The page as the menu shows it, with the number of unread alerts where it is theirs."""
        counted = f"{self.title} ({unread:,})" if self.file == "alerts.py" and unread else self.title
        return st.Page(
            PROJECT / "pages" / self.file,
            title=counted,
            icon=self.icon,
            help=self.help,
            default=self is PAGES[0],
            url_path=self.file.removesuffix(".py"),
        )


PAGES = (
    Entry(
        "Work", "home.py", "My work", ":material/home:", Permission.ALERTS_READ, "What is yours, next, late and loud."
    ),
    Entry("Work", "queue.py", "Queue", ":material/inbox:", Permission.OPS_READ, "All items, ranked, and one of them."),
    Entry(
        "Work",
        "groups.py",
        "Failure groups",
        ":material/stacks:",
        Permission.OPS_READ,
        "What failed in one way, settled as one.",
    ),
    Entry(
        "Work", "alerts.py", "Alerts", ":material/notifications:", Permission.ALERTS_READ, "What you should know now."
    ),
    Entry(
        "Manage", "metrics.py", "Metrics", ":material/monitoring:", Permission.OPS_READ, "How the operation is doing."
    ),
    Entry(
        "Manage", "reports.py", "Reports", ":material/summarize:", Permission.OPS_READ, "How each day and month went."
    ),
    Entry(
        "Manage",
        "rules.py",
        "Alert rules",
        ":material/rule:",
        Permission.ALERTS_MANAGE,
        "What raises alerts, and when.",
    ),
    Entry(
        "Manage",
        "administration.py",
        "Administration",
        ":material/settings:",
        Permission.OPS_ADMIN,
        "Item types, staff, settings, and what has not left the house.",
    ),
    Entry("Trust", "audit.py", "Audit", ":material/policy:", Permission.AUDIT_READ, "Who saw or did what, and when."),
    Entry(
        "Trust",
        "account.py",
        "My account",
        ":material/person:",
        Permission.ALERTS_READ,
        "Your sessions, tokens and time zone.",
    ),
)
"""One row here and one file in pages/ make a page; a test holds the two together."""


def run() -> None:
    """Draw whatever page the address names, inside the frame. `Home.py` calls this on every run."""
    st.set_page_config(
        page_title="Opsdesk",
        page_icon=str(PROJECT / "static" / "favicon.png"),
        layout="wide",
        initial_sidebar_state=SIDEBAR_PIXELS,
    )
    st.html(_STYLE)
    me = gate.require()
    st.session_state[_DRAWN] = (_pulse(), time.monotonic())
    rung = _ring(me)
    here = st.navigation(_menu(me, rung.unread if rung else 0), expanded=True)
    with st.sidebar:
        _show_person(me)
        _stay_live()
    _warn_of_missing_runner(me)
    acting.show_notices()
    _announce(rung)
    here.run()


def _ring(me: Principal) -> Bell | None:
    """How many alerts are unread, and which critical ones came since this screen was drawn last."""
    if not me.may(Permission.ALERTS_READ):
        return None
    rung = perform(me, bell, st.session_state.get(_RUNG_AT))
    st.session_state[_RUNG_AT] = rung.at
    return rung


def _announce(rung: Bell | None) -> None:
    for title in rung.loud if rung else ():
        st.toast(literal(title, 200), icon=":material/error:", duration="long")


def _menu(me: Principal, unread: int) -> dict[str, list[st.Page]]:
    menu: dict[str, list[st.Page]] = {}
    for entry in _open_to(me):
        menu.setdefault(entry.section, []).append(entry.page(unread))
    return menu


def _open_to(me: Principal) -> Iterator[Entry]:
    return (entry for entry in PAGES if me.may(entry.permission))


def _warn_of_missing_runner(me: Principal) -> None:
    if perform(me, runner_is_missing):
        st.warning(
            "No job runner has been seen for 90 seconds: deadlines are not watched, nothing wakes or escalates. "
            "An operator starts one with `python -m jobs run`.",
            icon=":material/heart_broken:",
        )


def _show_person(me: Principal) -> None:
    st.markdown(f"**{literal(me.full_name or me.name, 60)}**  \n:gray[:small[{badges.words(me.role or '')}]]")
    token = str(st.context.cookies.get(form_cookie(), ""))
    if FORM_TOKEN.fullmatch(token):
        st.html(_SIGN_OUT.format(token=token))
    else:
        st.html('<a href="/logout" target="_self">Sign out</a>')


@st.fragment(run_every=TICK_SECONDS)
def _stay_live() -> None:
    """Every few seconds: draw the page anew once something moved, its times have grown old, or the session is over."""
    mark, drawn_at = st.session_state.get(_DRAWN, ("", time.monotonic()))
    if _pulse() != mark or time.monotonic() - drawn_at > REDRAW_SECONDS or _is_over():
        gate.rerun_by_itself()


def _is_over() -> bool:
    try:
        return gate.current_principal(active=False) is None
    except Unavailable:
        return False


def _pulse() -> str:
    try:
        return pulse.reading()
    except Unavailable:
        return ""
