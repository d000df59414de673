"""Deleting a stored PDF where it is stored: what is sent, what the storage's answers mean, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from core.errors import Conflict
from core.outbox.kinds import Entry, Kind, Verdict, declare_kind
from core.outgoing.sending import Answer, Purpose, check, send
from core.resolutions.declaring import Outside
from core.resolutions.effects import Case, number_of
from core.resolutions.leftovers import plan
from core.settings import settings

DELETE_FILE = "delete_file"
_PAUSE = timedelta(hours=1)


def storage() -> Purpose:
    """The file storage as it is configured. Raises Conflict when it is not."""
    known = settings()
    if not known.blob_hosts or known.blob_token is None:
        raise Conflict("No file storage is configured (BLOB_HOSTS and BLOB_READ_WRITE_TOKEN), so nothing can be sent.")
    return Purpose("stored files", known.blob_hosts, known.blob_token)


def deletable(case: Case) -> None:
    """Raise why the file cannot be asked to be deleted: no plan, no storage, or an address elsewhere."""
    plan(case)
    check(storage(), str(case.context["pdf_url"]))


def _request(case: Case) -> Mapping[str, Any]:
    return {"url": str(case.context["pdf_url"])}


def delete(entry: Entry) -> Verdict:
    """Ask the storage to delete the file. Gone already is as good as deleted; anything else is told in words."""
    headers = {"Idempotency-Key": entry.key}
    answer = send(storage(), "DELETE", str(entry.payload["url"]), headers=headers)
    is_done = 200 <= answer.status < 300 or answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
    return Verdict(is_done, _in_words(answer), outcome={"status": answer.status})


def _in_words(answer: Answer) -> str:
    told = f"The storage answered {answer.status}"
    return f"{told}, a redirect, which is not followed." if 300 <= answer.status < 400 else f"{told}."


def _forget_file(case: Case, _outcome: Mapping[str, Any]) -> None:
    """The plan no longer has this PDF; one that was made since stays."""
    key = number_of(case.item["resource_id"])
    found = case.find("meal_plans", key) if key is not None else None
    if found and found["pdf_url"] in {None, case.context["pdf_url"]}:
        deleted = found["pdf_deleted_at"] or case.now
        case.change("meal_plans", found["id"], pdf_url=None, pdf_deleted_at=deleted)


def _one_more_failure(case: Case, error: str) -> Mapping[str, Any]:
    tries = number_of(case.context.get("retry_count")) or 0
    return {"last_error": error, "retry_count": tries + 1, "retried_at": case.now.isoformat()}


def just_failed(case: Case) -> str | None:
    """A reason to wait an hour: the storage was asked just now, in vain."""
    try:
        asked = datetime.fromisoformat(str(case.context.get("retried_at")))
        return "The storage was asked less than an hour ago." if case.now - asked < _PAUSE else None
    except (ValueError, TypeError):
        return None


def in_an_hour(case: Case) -> Mapping[str, Any]:
    """Until when the item is put off."""
    return {"until": case.now + _PAUSE}


DELETION = Outside(DELETE_FILE, _request, _forget_file, _one_more_failure)
declare_kind(Kind(DELETE_FILE, delete))
