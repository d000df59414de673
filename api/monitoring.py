"""GET /metrics: figures for Prometheus, for whoever has the metrics' own token, or asks from this machine itself."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Iterator, Sequence

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.refusing import problem
from api.watching import REQUESTS
from core import monitoring
from core.errors import OpsError
from core.permissions import process
from core.settings import settings
from core.uow import perform
from web.middleware import METRICS

FRESH_SECONDS = 10.0
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


async def metrics(request: Request) -> Response:
    """The figures; 401 without the token where one is set, otherwise 404 for everybody but this machine itself."""
    token = settings().metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            return problem(401, "This needs the metrics' own token.", {"WWW-Authenticate": "Bearer"})
    elif not _is_from_here(request):
        return problem(404, "There is nothing here.")
    body = await to_thread.run_sync(_told)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


def _is_from_here(request: Request) -> bool:
    """Whether this machine asks for itself, and is no proxy that asks for somebody else."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


routes = [Route(METRICS, metrics, methods=["GET"])]


def _told() -> bytes:
    return generate_latest(REQUESTS) + generate_latest(_STANDING)


class _Standing(Collector):
    """What the database says, asked at most every so many seconds, however many ask."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._known: monitoring.Standing | None = None

    def collect(self) -> Iterator[Metric]:
        known = self._current()
        yield _gauge(
            "opsdesk_database_up", "Whether the database answered (1) or not (0).", [((), float(known is not None))]
        )
        if known is not None:
            yield from _queue(known)
            yield from _outbox(known)
            yield from _jobs(known)

    def _current(self) -> monitoring.Standing | None:
        if time.monotonic() - self._asked_at >= FRESH_SECONDS:
            try:
                self._known = perform(process("job", "metrics"), monitoring.standing)
            except OpsError:
                self._known = None
            self._asked_at = time.monotonic()
        return self._known

    def forget(self) -> None:
        """Ask anew at the next question."""
        self._asked_at = float("-inf")


Samples = Sequence[tuple[tuple[str, ...], float]]


def _gauge(name: str, meaning: str, samples: Samples, labels: tuple[str, ...] = ()) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _queue(known: monitoring.Standing) -> Iterator[Metric]:
    labels = ("queue", "priority", "status")
    named = [((each.queue, each.priority, each.status), each) for each in known.depths]
    ages = [(values, (known.at - each.oldest_at).total_seconds()) for values, each in named]
    items: Samples = [(values, each.items) for values, each in named]
    late: Samples = [(values, each.late) for values, each in named]
    yield _gauge("opsdesk_queue_items", "Open items.", items, labels)
    yield _gauge("opsdesk_queue_breaching_items", "Open items past their deadline.", late, labels)
    yield _gauge("opsdesk_queue_oldest_seconds", "Age of the oldest open item.", ages, labels)


def _outbox(known: monitoring.Standing) -> Iterator[Metric]:
    labels = ("kind", "state")
    named = [((each.kind, each.state), each) for each in known.outbox]
    ages = [(values, max(0.0, (known.at - each.due_since).total_seconds())) for values, each in named]
    entries: Samples = [(values, each.entries) for values, each in named]
    yield _gauge("opsdesk_outbox_entries", "Effects that have yet to leave the house, or are parked.", entries, labels)
    yield _gauge("opsdesk_outbox_overdue_seconds", "For how long the first of them has been due.", ages, labels)


def _jobs(known: monitoring.Standing) -> Iterator[Metric]:
    def of(value: str) -> Samples:
        return [((run.job,), _value(run, value)) for run in known.runs]

    job = ("job",)
    yield _gauge("opsdesk_job_last_end_timestamp_seconds", "When a job's last run ended.", of("ended"), job)
    yield _gauge("opsdesk_job_last_run_seconds", "How long a job's last run took.", of("seconds"), job)
    yield _gauge("opsdesk_job_last_lag_seconds", "How long after its time a job's last run began.", of("lag"), job)
    yield _gauge(
        "opsdesk_job_last_failed", "Whether a job's last run did not end well (1) or did (0).", of("failed"), job
    )
    seen = known.runner_seen_at
    if seen is not None:
        yield _gauge(
            "opsdesk_runner_seen_timestamp_seconds", "When a job runner was last seen.", [((), seen.timestamp())]
        )


def _value(run: monitoring.LastRun, name: str) -> float:
    return {
        "ended": run.ended_at.timestamp(),
        "seconds": run.seconds,
        "lag": run.late_seconds,
        "failed": float(run.outcome != "done"),
    }[name]


_standing = _Standing()
_STANDING = CollectorRegistry()
_STANDING.register(_standing)
forget = _standing.forget
