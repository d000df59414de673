"""Screens without a browser: the console's own script, run for a person who is really signed in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import text
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core import db, looking
from core.permissions import Principal
from core.settings import PROJECT
from ui import gate

Open = Callable[..., AppTest]


def signed_in(person: Principal) -> str:
    """The cookie of a new session of this person."""
    token = secrets.token_urlsafe(32)
    with db.engine("app").begin() as connection:
        connection.execute(
            text(
                "INSERT INTO staff_sessions "
                "(token_hash, staff_id, epoch, created_at, last_used_at, idle_until, expires_at) "
                "SELECT :hash, id, session_epoch, now(), now(), now() + :life, now() + :life FROM staff WHERE id = :id"
            ),
            {"hash": hashlib.sha256(token.encode()).digest(), "id": person.staff_id, "life": timedelta(hours=1)},
        )
    return token


def sign_out_everywhere(person: Principal) -> None:
    """End the sessions of this person, as a sign-out or an administrator does."""
    with db.engine("app").begin() as connection:
        connection.execute(
            text("UPDATE staff_sessions SET ended_at = now() WHERE staff_id = :id"), {"id": person.staff_id}
        )


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page of the console as somebody, or as nobody, with what stands in the address."""
    # The trial runner looks for pages/ by itself anew each time, as the served console never does.
    begin = PagesManager.__init__

    def without_discovery(self: PagesManager, *args: object, **kwargs: object) -> None:
        begin(self, *args, **kwargs)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", without_discovery)
    looking.forget()

    def open_it(person: Principal | None, page: str = "home", address: Mapping[str, str] | None = None) -> AppTest:
        token = signed_in(person) if person else None
        monkeypatch.setattr(gate, "session_token", lambda: token)
        screen = AppTest.from_file(str(PROJECT / "Home.py"), default_timeout=30)
        for name, value in (address or {}).items():
            screen.query_params[name] = value
        screen.run()
        return screen.switch_page(f"pages/{page}.py").run() if page != "home" and person else screen

    return open_it


def shown(screen: AppTest) -> str:
    """All text that stands on a screen."""
    kinds = (
        "subheader",
        "markdown",
        "caption",
        "text",
        "warning",
        "error",
        "info",
        "toast",
        "button",
        "html",
        "metric",
        "title",
    )
    return "\n".join(
        str(getattr(each, "label", "")) + str(getattr(each, "value", "")) for kind in kinds for each in screen.get(kind)
    )
