"""Whatever is done to the log or its anchors is noticed; whatever is not, is not held against it."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from core import anchors, clock, db, keys
from core.errors import NotPermitted
from core.uow import perform
from core.verifying import verify
from tests.audit.logs import anchored, judged, judged_on, sealed, written
from tests.audit.tampering import DEEDS, ROW_EDITS, SEAL_EDITS, Mallory, intruder
from tests.cast import NOON, Cast

TAMPERINGS = 1_000


def test_an_untouched_log_is_whole(log: Cast) -> None:
    verdict = judged()
    assert verdict.ok
    assert (verdict.rows, verdict.seals, verdict.anchors, verdict.unsealed) == (60, 5, 4, 0)
    assert (verdict.findings, verdict.cautions) == ((), ())


def test_an_empty_log_is_whole_and_looking_at_it_makes_no_key(cast: Cast) -> None:
    assert judged().ok
    assert not keys.key_file("audit").exists()


def test_each_of_a_thousand_tamperings_is_noticed(log: Cast) -> None:
    dice = random.Random(20260311)
    unnoticed: list[str] = []
    kinds: Counter[str] = Counter()
    with intruder() as connection:
        mallory = Mallory(connection, dice)
        for _ in range(TAMPERINGS):
            undo = connection.begin_nested()
            deed = mallory.strike()
            kinds[deed.partition(":")[0]] += 1
            if judged_on(connection).ok:
                unnoticed.append(deed)
            undo.rollback()
        assert judged_on(connection).ok, "every deed was undone"
    assert unnoticed == []
    assert kinds.keys() == {deed.__name__ for deed in DEEDS}


@pytest.mark.parametrize("table", ["ops_audit_log", "audit_seals"])
def test_every_column_that_could_be_edited_is_among_the_edits(log: Cast, table: str) -> None:
    edits = ROW_EDITS if table == "ops_audit_log" else SEAL_EDITS
    with db.engine("owner").connect() as connection:
        query = text("SELECT column_name FROM information_schema.columns WHERE table_name = :table")
        columns = set(connection.scalars(query, {"table": table}))
    assert columns - {"id"} == {edit.split()[0] for edit in edits} - {"id"}


def test_the_verdict_says_where(log: Cast) -> None:
    with intruder() as connection:
        connection.execute(text("UPDATE ops_audit_log SET actor_name = 'x' WHERE id = 20"))
        connection.execute(text("DELETE FROM ops_audit_log WHERE id = 40"))
        findings = judged_on(connection).findings
    assert [finding.where for finding in findings] == ["rows 18–34 (seal 2)", "rows 35–51 (seal 3)"]
    assert "altered" in findings[0].what
    assert "14 rows, and the seal says 15" in findings[1].what


def test_a_flood_of_findings_is_told_as_a_hundred_and_a_number(cast: Cast) -> None:
    for _ in range(110):
        written(cast.senior, 1)
        sealed()
    with intruder() as connection:
        connection.execute(text("UPDATE ops_audit_log SET ip = '::1'"))
        findings = judged_on(connection).findings
    assert (len(findings), findings[-1].what) == (101, "10 more places are wrong.")


def test_the_unsealed_tail_is_counted_and_its_age_told(log: Cast) -> None:
    with clock.frozen(NOON):
        written(log.senior, 3)
    with clock.frozen(NOON + timedelta(minutes=20)):
        verdict = judged()
    assert (verdict.ok, verdict.unsealed, verdict.oldest_unsealed) == (True, 3, timedelta(minutes=20))
    assert "3 rows have waited up to 20 min" in verdict.cautions[0]


def test_without_the_key_nothing_is_proven(log: Cast) -> None:
    keys.key_file("audit").unlink()
    verdict = judged()
    assert [finding.where for finding in verdict.findings] == ["the key"]
    assert not keys.key_file("audit").exists()


def test_another_key_proves_nothing(log: Cast) -> None:
    keys.key_file("audit").unlink()
    keys.key("audit")
    verdict = judged()
    assert "the audit key here is not the one" in verdict.findings[0].what


def test_a_cut_that_leaves_a_whole_log_is_told_by_the_anchors_alone(log: Cast) -> None:
    with intruder() as connection:
        connection.execute(text("DELETE FROM ops_audit_log WHERE id >= (SELECT max(first_id) FROM audit_seals)"))
        connection.execute(text("DELETE FROM audit_seals WHERE id = 4"))
        findings = judged_on(connection).findings
        shutil.rmtree(anchors.path().parent)
        blind = judged_on(connection)
    assert [finding.where for finding in findings] == ["the end of the log, up to row 68"]
    assert blind.ok
    assert "keeps no anchors" in blind.cautions[0]


def _edited(lines: list[bytes], dice: random.Random) -> list[bytes]:
    place = dice.randrange(len(lines))
    anchor = json.loads(lines[place])
    name = dice.choice(list(anchor))
    anchor[name] = dice.choice([anchor[name] * 2, 7, "x", None])
    return [*lines[:place], json.dumps(anchor).encode(), *lines[place + 1 :]]


def _one_removed(lines: list[bytes], dice: random.Random) -> list[bytes]:
    place = dice.randrange(len(lines) - 1)
    return lines[:place] + lines[place + 1 :]


def _swapped(lines: list[bytes], dice: random.Random) -> list[bytes]:
    place = dice.randrange(len(lines) - 1)
    return [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]


def _repeated(lines: list[bytes], dice: random.Random) -> list[bytes]:
    return [*lines, dice.choice(lines)]


def _spoilt(lines: list[bytes], dice: random.Random) -> list[bytes]:
    place = dice.randrange(len(lines))
    return [*lines[:place], dice.choice([b"", b"{}", b"[]", b"\xff\xfe", b"{", lines[place][:-2]]), *lines[place + 1 :]]


@pytest.mark.parametrize("deed", [_edited, _one_removed, _swapped, _repeated, _spoilt])
def test_anchors_that_were_tampered_with_are_noticed(
    log: Cast, deed: Callable[[list[bytes], random.Random], list[bytes]]
) -> None:
    whole = anchors.path().read_bytes()
    dice = random.Random(7)
    for _ in range(20):
        spoilt = b"\n".join(deed(whole.splitlines(), dice)) + b"\n"
        anchors.path().write_bytes(spoilt)
        assert spoilt == whole or not judged().ok, spoilt


def test_an_anchor_is_noted_when_the_head_moved_and_only_then(log: Cast) -> None:
    assert not anchored()
    written(log.senior, 1)
    assert not anchored()
    sealed()
    assert anchored()
    assert judged().anchors == 5


def test_half_a_line_after_a_power_cut_is_passed_over_and_then_removed(log: Cast) -> None:
    with anchors.path().open("ab") as file:
        file.write(b'{"seal": 9, "last')
    assert judged().ok
    sealed()
    assert anchored()
    assert judged().ok
    assert len(anchors.path().read_bytes().splitlines()) == 5


def test_a_log_that_was_cut_and_lives_on_stays_suspect(log: Cast) -> None:
    with db.engine("owner").begin() as connection:
        for statement in (
            "ALTER TABLE ops_audit_log DISABLE TRIGGER ops_audit_log_append_only",
            "ALTER TABLE audit_seals DISABLE TRIGGER audit_seals_append_only",
            "DELETE FROM ops_audit_log WHERE id >= (SELECT max(first_id) FROM audit_seals)",
            "DELETE FROM audit_seals WHERE id = 4",
            "ALTER TABLE ops_audit_log ENABLE TRIGGER ops_audit_log_append_only",
            "ALTER TABLE audit_seals ENABLE TRIGGER audit_seals_append_only",
        ):
            connection.execute(text(statement))
    for _ in range(3):
        written(log.senior, 5)
        sealed()
        anchored()
    assert [finding.where for finding in judged().findings] == ["seal 4"]


def test_checking_needs_permission_and_is_itself_on_record(log: Cast) -> None:
    with pytest.raises(NotPermitted, match=r"audit\.read"):
        perform(log.manager, verify)
    assert judged(log.auditor).ok
    with db.engine("app").connect() as connection:
        query = text("SELECT actor_name, metadata->>'rows' FROM ops_audit_log WHERE action = 'audit.verify'")
        assert [tuple(row) for row in connection.execute(query)] == [("auditor", "60")]
