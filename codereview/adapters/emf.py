"""Metrics for CloudWatch in its embedded metric format: lines of JSON that CloudWatch Logs makes metrics of.

Nothing is called: a line on standard output is enough, in a Lambda function as in a container of ECS.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence

from codereview.domain.metrics import Kind, Measurement


def _print_line(line: str) -> None:
    # One write: lines of several threads must not be mixed.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class EmfMetrics:
    """Writes a line for every set of measurements with the same dimensions.

    Every metric is there by ``Environment``, and by its own dimensions as well; gauges with dimensions only by these,
    since the last value of either means nothing for both.
    """

    def __init__(
        self,
        *,
        namespace: str,
        environment: str,
        write: Callable[[str], None] = _print_line,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._namespace = namespace
        self._environment = environment
        self._write = write
        self._now_ms = now_ms

    def record(self, *measurements: Measurement, **about: object) -> None:
        """Write them."""
        groups: dict[tuple[object, ...], list[Measurement]] = {}
        for each in measurements:
            if not each.metric.local_only:
                key = (each.metric.kind is Kind.GAUGE, *each.dimensions.items())
                groups.setdefault(key, []).append(each)
        for group in groups.values():
            self._write(json.dumps(self._document(group, about), ensure_ascii=False, default=str))

    def _document(self, group: Sequence[Measurement], about: dict[str, object]) -> dict[str, object]:
        dimensions = dict(group[0].dimensions)
        sets = [["Environment"]]
        if dimensions:
            own = ["Environment", *dimensions]
            sets = [own] if group[0].metric.kind is Kind.GAUGE else [*sets, own]
        return {
            "_aws": {
                "Timestamp": self._now_ms(),
                "CloudWatchMetrics": [
                    {
                        "Namespace": self._namespace,
                        "Dimensions": sets,
                        "Metrics": [{"Name": each.metric.name, "Unit": str(each.metric.unit)} for each in group],
                    }
                ],
            },
            "Environment": self._environment,
            **dimensions,
            **{each.metric.name: _plain(each.value) for each in group},
            **about,
        }


def _plain(value: float) -> float:
    """Whole numbers without a point."""
    return int(value) if value == int(value) else value
