"""Metrics for Prometheus, over all processes of one machine: each writes to files in one directory, and whoever serves
``/metrics`` adds them up.

The files of a process go by a *slot*, a number it holds a lock on. A worker's processes come and go after some tasks
each; the next one takes over a free slot and counts on in its files, so that there are never more of them than there
were processes at once. Containers that share the directory share the slots.
"""

import fcntl
import logging
import os
import threading
from functools import cache
from itertools import count
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from codereview.domain.metrics import METRICS, Kind, Measurement, Metric, Unit

log = logging.getLogger(__name__)

_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 900)
_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
#: Gauges each process has a value of its own for; of the others the latest value of any holds.
_SUMMED = {"WebSocketConnections"}

Instrument = Counter | Gauge | Histogram


class Slots:
    """The slots of one directory; safe across forks."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._held: tuple[int, str] | None = None  # descriptor, slot
        os.register_at_fork(after_in_child=self._forked)

    def own(self) -> str:
        """This process's slot."""
        with self._lock:
            if self._held is None:
                self._held = self._take()
            return self._held[1]

    def deserted(self) -> list[str]:
        """Slots no living process holds."""
        slots = (path.stem for path in self._directory.glob("*.slot"))
        return [slot for slot in slots if self._is_free(slot)]

    def _forked(self) -> None:
        """In a forked child: the slot is the parent's, and its thread may have held the lock."""
        self._lock = threading.Lock()
        if self._held is not None:
            os.close(self._held[0])  # the lock on the file stays with the parent
            self._held = None

    def _take(self) -> tuple[int, str]:
        for number in count():
            descriptor = self._open(str(number))
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor, str(number)
        raise AssertionError("numbers do not end")

    def _is_free(self, slot: str) -> bool:
        descriptor = self._open(slot)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _open(self, slot: str) -> int:
        return os.open(self._directory / f"{slot}.slot", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class PrometheusMetrics:
    """Counts in files below ``directory``, made when first used."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._instruments: dict[str, Instrument] | None = None
        self._broken = False

    def record(self, *measurements: Measurement, **about: object) -> None:  # noqa: ARG002  values have no story here
        """Count them."""
        try:
            instruments = self._made()
            for each in measurements:
                _apply(instruments[each.metric.name], each)
        except OSError as error:
            if not self._broken:  # said once; a full disk fails no review
                log.warning("metrics_not_kept", extra={"detail": str(error)})
            self._broken = True

    def exposition(self) -> bytes:
        """All there is, of every process, in the text format. Raises OSError."""
        self._made()
        for slot in _slots(self._directory).deserted():
            mark_process_dead(slot, str(self._directory))  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _made(self) -> dict[str, Instrument]:
        with self._lock:
            if self._instruments is None:
                self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                _count_in(self._directory)
                self._instruments = {metric.name: _instrument(metric) for metric in METRICS.values()}
            return self._instruments


def forget(directory: Path) -> None:
    """Begin anew: remove what earlier processes counted. Only when none of them runs."""
    for path in [*directory.glob("*.db"), *directory.glob("*.slot")]:
        path.unlink(missing_ok=True)


@cache
def _slots(directory: Path) -> Slots:
    return Slots(directory)


def _count_in(directory: Path) -> None:
    # The client library decides when it is imported, by the environment, whether several processes count together.
    # Here the settings decide, later.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(_slots(directory).own)  # type: ignore[no-untyped-call]


def _instrument(metric: Metric) -> Instrument:
    name, text, labels = metric.prometheus_name, metric.description, [_label(name) for name in metric.dimensions]
    registry = CollectorRegistry()  # each alone: they are read from the files, never from here
    if metric.kind is Kind.COUNTER:
        return Counter(name, text, labels, registry=registry)
    if metric.kind is Kind.GAUGE:
        mode = "livesum" if metric.name in _SUMMED else "mostrecent"
        return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]
    buckets = _SECONDS if metric.unit is Unit.MILLISECONDS else _COUNTS
    return Histogram(name, text, labels, registry=registry, buckets=buckets)


def _apply(instrument: Instrument, measurement: Measurement) -> None:
    labels = {_label(name): value for name, value in measurement.dimensions.items()}
    here = instrument.labels(**labels) if labels else instrument
    value = measurement.value / 1000 if measurement.metric.unit is Unit.MILLISECONDS else measurement.value
    match here:
        case Counter():
            here.inc(value)
        case Gauge():
            here.set(value)
        case Histogram():
            here.observe(value)


def _label(dimension: str) -> str:
    return dimension.lower()
