"""The Celery application: its configuration from our settings, its tasks, its beat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from celery import Celery, signals
from kombu.utils.compat import detect_environment

from chandlery.errors import ChandleryError
from chandlery.schedule import celery_redis
from chandlery.schedule.celery_keeper import AWAY, ProcessKeeper
from chandlery.schedule.celery_places import QUEUE, Broker, broker, results_url
from chandlery.schedule.celery_tasks import register
from chandlery.schedule.celery_words import ended, quieten
from chandlery.schedule.results_table import open_results, probe_tables
from chandlery.settings import Settings
from chandlery.store import Store, sqlite_url

SOFT_LIMIT: Final = 900
HARD_LIMIT: Final = 1_200
"""Seconds after which a task is ended, softly and not so; where the pool can do that."""
GREEN_CONCURRENCY: Final = 16
GREEN_PREFETCH: Final = 8
"""For eventlet and gevent, when nobody says otherwise. There Celery looks only every two seconds
whether a worker that had all it may have can take more."""

PATIENCE: Final = 600.0
"""Seconds that a task waits for a store that is away."""


def make_app(settings: Settings) -> Celery:
    """The application that `celery -A tasks` runs. Opens no connection yet.

    Raises `BadSetting` for a broker or a database of results that cannot be used.
    """
    celery_redis.use()
    app = Celery("chandlery", set_as_current=True)
    messages, results = broker(settings), results_url(settings)
    app.conf.update(_configuration(messages), result_expires=timedelta(days=settings.results_days))
    if results is None:
        app.conf.result_backend = settings.result_backend
    else:
        ours = "chandlery.schedule.celery_results:ResultsBackend"
        app.loader.override_backends = {"db": ours}
        app.conf.result_backend = f"db+{results.render_as_string(hide_password=False)}"
    app.conf.update(beat_scheduler="chandlery.schedule.celery_beat:DueScheduler")
    keeper = ProcessKeeper(settings, patience=PATIENCE)
    app.keeper = keeper
    register(app, keeper)
    _listen(app, settings)
    return app


def _configuration(messages: Broker) -> dict[str, Any]:
    return {
        "broker_url": messages.url,
        "broker_transport": messages.transport,
        "broker_transport_options": dict(messages.options),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,  # as when Redis becomes a replica under a worker
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "result_accept_content": ["json"],
        "result_extended": True,
        "result_backend_always_retry": True,
        "result_backend_max_retries": float("inf"),
        "result_backend_thread_safe": True,
        "database_create_tables_at_setup": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": True,
        "task_ignore_result": False,
        "task_default_queue": QUEUE,
        "task_soft_time_limit": SOFT_LIMIT,
        "task_time_limit": HARD_LIMIT,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "worker_enable_prefetch_count_reduction": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "timezone": "UTC",
        "enable_utc": True,
    }


def _listen(app: Celery, settings: Settings) -> None:
    """What has to be done when a worker begins and ends."""

    def check(conf: Any, **_: Any) -> None:  # noqa: ANN401  as Celery calls it
        if detect_environment() != "default":
            # There its greenlet does not get over a broker's outage.
            conf.worker_enable_remote_control = False
            conf.worker_prefetch_multiplier = GREEN_PREFETCH
            conf.worker_concurrency = conf.worker_concurrency or GREEN_CONCURRENCY
        _check(settings)

    def close(**_: Any) -> None:  # noqa: ANN401  as Celery calls it
        app.keeper.close()

    def quiet(**_: Any) -> None:  # noqa: ANN401  as Celery calls it
        quieten()

    def alone(sender: Any, **_: Any) -> None:  # noqa: ANN401  as Celery calls it
        # Workers need not know each other, and gossip does not get over a broker's outage.
        sender.options.update(without_gossip=True, without_mingle=True)

    signals.after_setup_logger.connect(quiet, weak=False)
    signals.worker_init.connect(alone, weak=False)
    signals.celeryd_init.connect(check, weak=False)
    signals.worker_process_shutdown.connect(close, weak=False)
    signals.worker_shutdown.connect(close, weak=False)


def _check(settings: Settings) -> None:
    """End the program with one clear line where only a person can put it right."""
    try:
        Store.open(settings.store_url or sqlite_url(settings.database_path)).close()
    except AWAY:
        pass  # it may come back
    except ChandleryError as error:
        ended(error)
    results = results_url(settings)
    if results is None:
        return
    try:
        probe_tables(open_results(results, make=True))
    except ChandleryError as error:
        ended(error)
