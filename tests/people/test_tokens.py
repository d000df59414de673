"""API tokens: shown once, never more than their owner may, and ended at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, people, tokens
from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import Permission, Principal, Role, process
from core.uow import perform
from tests.cast import NOON, Cast
from tests.people.conftest import trail, value


def _behind(token: str) -> Principal:
    found = tokens.principal_for_token(token, ip="10.0.0.1")
    assert found is not None
    return found


def test_a_token_speaks_for_its_owner_within_its_scopes(cast: Cast) -> None:
    made = perform(cast.senior, tokens.create_token, "intake", scopes=["ops.read", "ops.write"])
    principal = _behind(made.token)
    assert (principal.kind, principal.name, principal.staff_id) == ("token", "senior/intake", cast.senior.staff_id)
    assert principal.permissions == {Permission.OPS_READ, Permission.OPS_WRITE}
    assert made.token.startswith(tokens.PREFIX)


def test_only_its_hash_and_its_beginning_are_stored(cast: Cast) -> None:
    made = perform(cast.senior, tokens.create_token, "intake")
    for table in ("api_tokens", "ops_audit_log"):
        assert value(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE :it", it=f"%{made.token}%") == 0
    assert perform(cast.senior, tokens.tokens)[0].prefix == made.token[: tokens.SHOWN]


@pytest.mark.parametrize("scopes", [["ops.admin"], ["alerts.manage", "ops.read"], ["nonsense"], []])
def test_a_token_cannot_be_given_what_its_owner_does_not_have(cast: Cast, scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="scope"):
        perform(cast.reviewer, tokens.create_token, "intake", scopes=scopes)


def test_an_administrators_token_for_a_reviewer_may_what_reviewers_may(cast: Cast) -> None:
    made = perform(cast.admin, tokens.create_token, "intake", staff_id=cast.reviewer.staff_id)
    assert not _behind(made.token).may(Permission.OPS_FULL_ACCESS)
    operator = process("cli", "operator")
    assert perform(operator, tokens.create_token, "intake", staff_id=cast.reviewer.staff_id)
    with pytest.raises(NotPermitted):
        perform(cast.manager, tokens.create_token, "intake", staff_id=cast.reviewer.staff_id)
    with pytest.raises(Invalid, match="staff"):
        perform(operator, tokens.create_token, "intake")


def test_a_token_makes_no_tokens(cast: Cast) -> None:
    made = perform(cast.admin, tokens.create_token, "intake")
    with pytest.raises(NotPermitted, match="cannot make tokens"):
        perform(_behind(made.token), tokens.create_token, "more")


def test_a_token_shrinks_with_its_owner_and_ends_with_them(cast: Cast) -> None:
    made = perform(cast.manager, tokens.create_token, "intake")
    perform(cast.admin, people.set_role, cast.manager.staff_id or 0, Role.VIEWER)
    assert _behind(made.token).permissions == {Permission.OPS_READ, Permission.ALERTS_READ}
    perform(cast.admin, people.set_active, cast.manager.staff_id or 0, False)
    assert tokens.principal_for_token(made.token) is None


def test_a_token_expires(cast: Cast) -> None:
    with clock.frozen(NOON):
        made = perform(cast.senior, tokens.create_token, "intake", expires_days=2)
    with clock.frozen(NOON + timedelta(days=2, seconds=-1)):
        assert tokens.principal_for_token(made.token)
    with clock.frozen(NOON + timedelta(days=2)):
        assert tokens.principal_for_token(made.token) is None


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_an_impossible_life_is_refused(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid, match="expires_days"):
        perform(cast.senior, tokens.create_token, "intake", expires_days=days)


def test_a_revoked_token_is_nobody_at_once_and_others_tokens_are_out_of_reach(cast: Cast) -> None:
    made = perform(cast.senior, tokens.create_token, "intake")
    with pytest.raises(NotFound):
        perform(cast.reviewer, tokens.revoke, made.id)
    perform(cast.senior, tokens.revoke, made.id)
    assert tokens.principal_for_token(made.token) is None
    with pytest.raises(NotFound):
        perform(cast.admin, tokens.revoke, made.id)
    assert (trail("token.created"), trail("token.revoked")) == (1, 1)


def test_ones_own_tokens_are_listed_and_everybodys_for_administrators(cast: Cast) -> None:
    perform(cast.senior, tokens.create_token, "one", scopes=["ops.read"])
    perform(cast.admin, tokens.create_token, "two")
    assert [line.label for line in perform(cast.senior, tokens.tokens)] == ["one"]
    assert [line.label for line in perform(cast.admin, tokens.tokens, of_everybody=True)] == ["two", "one"]
    with pytest.raises(NotPermitted):
        perform(cast.senior, tokens.tokens, of_everybody=True)


def test_use_is_noted_at_most_once_a_minute(cast: Cast) -> None:
    made = perform(cast.senior, tokens.create_token, "intake")
    for seconds in (0, 59):
        with clock.frozen(NOON + timedelta(seconds=seconds)):
            tokens.principal_for_token(made.token)
    assert value("SELECT last_used_at FROM api_tokens") == NOON


@pytest.mark.parametrize("token", [None, "", "opd_", "opd_" + "a" * 43, "a" * 47, "opd_" + "é" * 43])
def test_what_is_no_token_is_nobody(cast: Cast, token: str | None) -> None:
    assert tokens.principal_for_token(token) is None
