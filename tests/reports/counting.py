"""Reports counted once more with pandas, from the bare rows."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from core import db
from core.permissions import process
from core.reports.figures import DAYS, QueueReport, end_of, measured
from core.uow import UnitOfWork


def counted(day: date) -> QueueReport:
    with UnitOfWork(process("job", "test")) as uow:
        return measured(uow, day)


def table(sql: str) -> pd.DataFrame:
    with db.engine("app").connect() as connection:
        return pd.read_sql(sql, connection)


def decisions(at: pd.Timestamp) -> pd.DataFrame:
    """The decisions before `at` that nobody took back by then, each with where its item's cycle began and was due."""
    actions = table("SELECT id, item_id, kind, at, staff_id, status_before FROM work_actions ORDER BY item_id, id")
    actions = actions[(actions["at"] < at) & actions["kind"].isin(["OPEN", "RESOLVE", "REJECT", "UNDO", "REOPEN"])]
    actions["next"] = actions.groupby("item_id")["kind"].shift(-1)
    actions["begun"] = actions["at"].where(actions["kind"].isin(["OPEN", "REOPEN"]))
    actions["begun"] = actions.groupby("item_id")["begun"].ffill()
    made = actions[actions["kind"].isin(["RESOLVE", "REJECT"]) & (actions["next"] != "UNDO")]
    return made.assign(stands=made["next"].isna())


def promises(at: pd.Timestamp) -> pd.DataFrame:
    """The cycles begun before `at` with their deadlines; valid where no target changed and no clock stood."""
    events = table("SELECT item_id, cycle, at, targets FROM clock_events WHERE kind IN ('start', 'reopen') ORDER BY id")
    events = events[events["at"] < at]
    targets = table("SELECT item_id, cycle, targets FROM clock_events WHERE targets IS NOT NULL ORDER BY id")
    cycles = events[["item_id", "cycle", "at"]].merge(targets.drop_duplicates(["item_id", "cycle"], keep="last"))
    fixed = pd.to_datetime(
        cycles["targets"].map(lambda each: each.get("resolution_due_at")), utc=True, format="ISO8601"
    )
    span = pd.to_timedelta(cycles["targets"].map(lambda each: each.get("resolution")), unit="s")
    return cycles.assign(due=fixed.astype("datetime64[us, UTC]").fillna(cycles["at"] + span)).drop(columns="targets")


def compare(day: date) -> QueueReport:
    report, at = counted(day), pd.Timestamp(end_of(day))
    since = at - pd.Timedelta(days=DAYS)
    items = table("SELECT id, item_type, priority, created_at, escalation_level FROM work_items")
    items = items[items["created_at"] < at]
    made = decisions(at)
    pending = items[~items["id"].isin(made.loc[made["stands"], "item_id"])]
    assert report.pending == len(pending)
    assert {each.priority: each.pending for each in report.standings if each.pending} == dict(
        pending["priority"].value_counts()
    )
    lately = made[(made["kind"] == "RESOLVE") & (made["at"] >= since)].merge(items, left_on="item_id", right_on="id")
    taken = (lately["at"] - lately["begun"]).dt.total_seconds() / 3600
    assert report.performance.resolved == len(lately)
    assert report.performance.hours == (pytest.approx(taken.mean()) if len(lately) else None)
    by_type = taken.groupby(lately["item_type"]).mean()
    assert {each.item_type: each.hours for each in report.types if each.resolved} == pytest.approx(dict(by_type))
    assert {each.item_type: each.pending for each in report.types if each.pending} == dict(
        pending["item_type"].value_counts()
    )
    people = lately[lately["status_before"] != "open"].groupby("staff_id").size().sort_values(ascending=False)
    assert [each.resolved for each in report.resolvers] == list(people.head(5))
    _compare_fates(report, made, since, at)
    return report


def _compare_fates(report: QueueReport, made: pd.DataFrame, since: pd.Timestamp, at: pd.Timestamp) -> None:
    cycles = promises(at).dropna(subset=["due"])
    fates = cycles.merge(made, how="left", left_on=["item_id", "at"], right_on=["item_id", "begun"], suffixes=("", "_"))
    sealed_at = fates[["due", "at_"]].min(axis=1)
    sealed = fates[(sealed_at >= since) & (sealed_at < at)]
    assert report.performance.sealed == len(sealed)
    assert report.performance.met == int((sealed["at_"] <= sealed["due"]).sum())
