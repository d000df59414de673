"""HTTP: what is open, what asks for a session, and what every response says."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from core import db, people, sessions
from core.uow import perform
from tests.cast import Cast
from tests.people.conftest import PASSWORD, trail
from tests.web.console import COOKIE, Console, filled

HIDDEN = ["/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json"]
CLOSED = [
    *(
        "/",
        "/queue",
        "/~/+/queue",
        "/media/abc.csv",
        "/component/x/index.html",
        "/docs",
        "/oauth2callback",
    ),
    *("/_stcore/host-config", "/_stcore/upload_file/a/b", "/_stcore/bidi-components/x", "/app/static/x"),
]
OPEN = ["/healthz", "/readyz", "/_stcore/health", "/login", "/favicon.ico", "/favicon.svg", "/favicon.png"]


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_session_people_are_sent_to_sign_in_and_programs_told_so(console: Console, path: str) -> None:
    with console.visitor() as browser:
        answer = browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
        told = browser.get(path, headers={"accept": "*/*"})
        assert told.status_code == 401
        assert "session has ended" in told.text


@pytest.mark.parametrize("path", OPEN)
def test_these_answer_anybody(console: Console, path: str) -> None:
    with console.visitor() as browser:
        assert browser.get(path).status_code == 200


@pytest.mark.parametrize("path", HIDDEN)
def test_streamlits_own_doors_are_shut_for_everybody(console: Console, staffed: Cast, path: str) -> None:
    with console.visitor(cookie=f"{COOKIE}={console.sign_in('admin')}") as browser:
        assert browser.get(path).status_code == 404
        assert browser.post(path, json={}).status_code == 404


def test_signing_in_leads_to_what_was_asked_for(console: Console, staffed: Cast) -> None:
    with console.visitor() as browser:
        form = browser.get("/queue?item=7&status=pending", follow_redirects=True)
        wanted = re.search(r'name="next" value="([^"]+)"', form.text)
        assert wanted
        fields = filled(browser, "/login", username="viewer", password=PASSWORD, next=wanted[1].replace("&amp;", "&"))
        answer = browser.post("/login", data=fields)
        assert answer.headers["location"] == "/queue?item=7&status=pending"
        assert browser.get("/queue").status_code == 200
        assert browser.get("/login?next=/queue").headers["location"] == "/queue"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "\n//e"]
)
def test_signing_in_never_leads_to_another_site(console: Console, staffed: Cast, elsewhere: str) -> None:
    with console.visitor() as browser:
        fields = filled(browser, "/login", username="viewer", password=PASSWORD, next=elsewhere)
        assert browser.post("/login", data=fields).headers["location"] == "/"


def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(console: Console, staffed: Cast) -> None:
    with console.visitor() as browser:
        answer = browser.post("/login", data=filled(browser, "/login", username="viewer", password=PASSWORD))
        cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert PASSWORD not in str(answer.headers)


def test_a_cookie_set_before_signing_in_is_worth_nothing_after(console: Console, staffed: Cast) -> None:
    with console.visitor() as browser:
        planted = "a" * 43
        browser.cookies.set(COOKIE, planted, "127.0.0.1")
        answer = browser.post("/login", data=filled(browser, "/login", username="viewer", password=PASSWORD))
        assert f"{COOKIE}={planted}" not in answer.headers["set-cookie"]
    assert sessions.principal_for(planted) is None


def test_a_refused_sign_in_says_one_sentence_and_keeps_the_name_as_text(console: Console, staffed: Cast) -> None:
    with console.visitor() as browser:
        name = '"><script>alert(1)</script>'
        answer = browser.post("/login", data=filled(browser, "/login", username=name, password="wrong"))
        assert answer.status_code == 401
        assert "Name or password is wrong" in answer.text
        assert "<script>" not in answer.text
        assert "wrong" not in re.sub("password is wrong", "", answer.text)
        assert COOKIE not in str(answer.headers.get_list("set-cookie"))


def test_a_form_from_elsewhere_signs_nobody_in(console: Console, staffed: Cast) -> None:
    fields = {"username": "viewer", "password": PASSWORD}
    with console.visitor() as browser:
        assert browser.post("/login", data=fields).status_code == 403
        assert browser.post("/login", data={**fields, "form": "a" * 22}).status_code == 403
        mine = filled(browser, "/login", **fields)
        for origin in ("https://evil.example", "null"):
            assert browser.post("/login", data=mine, headers={"origin": origin}).status_code == 403
        assert browser.post("/login", data=mine).status_code == 303
    assert trail("session.started") == 1


def test_a_change_asked_for_by_another_site_is_refused(console: Console, staffed: Cast) -> None:
    cookie = console.sign_in("viewer")
    with console.visitor() as browser:
        browser.cookies.set(COOKIE, cookie, "127.0.0.1")
        fields = filled(browser, "/logout")
        assert browser.post("/logout", data=fields, headers={"origin": "https://evil.example"}).status_code == 403
        del browser.headers["origin"]
        assert browser.post("/logout", data=fields).status_code == 403
        assert browser.put("/_stcore/upload_file/a/b").status_code == 403
    assert sessions.principal_for(cookie) is not None


def test_signing_out_by_a_link_only_asks(console: Console, staffed: Cast) -> None:
    cookie = console.sign_in("viewer")
    with console.visitor() as browser:
        browser.cookies.set(COOKIE, cookie, "127.0.0.1")
        assert "Vera Viewer" in browser.get("/logout").text
        assert sessions.principal_for(cookie) is not None
        answer = browser.post("/logout", data=filled(browser, "/logout"))
        assert answer.headers["location"] == "/login"
        assert "Max-Age=0" in next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert sessions.principal_for(cookie) is None


def test_a_handed_over_password_is_changed_before_anything_else(console: Console, staffed: Cast) -> None:
    made = perform(staffed.admin, people.reset_password, staffed.viewer.staff_id or 0)
    with console.visitor() as browser:
        entry = browser.post("/login", data=filled(browser, "/login", username="viewer", password=made.password))
        assert entry.headers["location"] == "/password"
        assert browser.get("/queue").headers["location"] == "/password"
        assert browser.get("/media/x", headers={"accept": "*/*"}).status_code == 403
        tries = (
            ("wrong", PASSWORD, PASSWORD, "current password is not right"),
            (made.password, "short", "short", "between 12"),
            (made.password, PASSWORD, "other", "same both times"),
            (made.password, "viewer-lantern", "viewer-lantern", "own name"),
        )
        for current, new, again, said in tries:
            fields = filled(browser, "/password", current=current, new=new, again=again)
            assert said in browser.post("/password", data=fields).text
        fields = filled(browser, "/password", current=made.password, new=PASSWORD, again=PASSWORD)
        assert browser.post("/password", data=fields).headers["location"] == "/"
        assert browser.get("/queue").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=b"] * 50), "application/x-www-form-urlencoded", 422),
        (b"username=\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 422),
    ],
)
def test_what_is_no_form_of_ours_is_turned_away(console: Console, body: bytes, kind: str, status: int) -> None:
    with console.visitor() as browser:
        answer = browser.post("/login", content=body, headers={"content-type": kind, "accept": "*/*"})
        assert answer.status_code == status
        assert answer.json()["status"] == status


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/favicon.svg", "/_stcore/metrics", "/queue"])
def test_every_response_carries_the_headers(console: Console, staffed: Cast, path: str) -> None:
    with console.visitor(cookie=f"{COOKIE}={console.sign_in('viewer')}") as browser:
        headers = browser.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors" in policy
    assert "'unsafe-eval'" not in policy
    assert not re.search(r"script-src[^;]*unsafe-inline", policy)
    assert "server" not in headers


def test_assets_are_kept_by_browsers_and_nothing_else_is(console: Console) -> None:
    with console.visitor() as browser:
        font = re.search(r'url\("(/static/[^"]+)"\)', browser.get("/login").text)
        assert font
        assert "no-store" not in browser.get(font[1]).headers.get("cache-control", "")
        assert browser.get("/login").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1@evil.example", "[::1"])
def test_another_sites_name_pointed_at_us_gets_nothing(console: Console, host: str) -> None:
    with console.visitor(host=host) as browser:
        assert browser.get("/login").status_code in {400, 421}


def test_a_balancer_may_ask_for_health_by_any_name(console: Console) -> None:
    with console.visitor(host="10.1.2.3:8501") as browser:
        assert browser.get("/healthz").json() == {"status": "ok", "database": True, "schema": True}


def test_health_says_when_the_schema_is_not_this_programs(console: Console, database: None) -> None:
    def version(number: str) -> None:
        with db.engine("owner").begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})

    with db.engine("owner").connect() as connection:
        right = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    version("0000")
    try:
        with console.visitor() as browser:
            answer = browser.get("/healthz")
    finally:
        version(right)
    assert (answer.status_code, answer.json()["schema"]) == (503, False)


def test_the_address_in_a_header_is_believed_from_nobody(console: Console, staffed: Cast) -> None:
    with console.visitor(**{"x-forwarded-for": "6.6.6.6"}) as browser:
        browser.post("/login", data=filled(browser, "/login", username="viewer", password=PASSWORD))
        principal = sessions.principal_for(browser.cookies[COOKIE])
    assert principal is not None
    assert principal.ip == "127.0.0.1"
