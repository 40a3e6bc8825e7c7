"""How the polling, the scanning and the alerts go, for Prometheus: read when somebody asks, kept nowhere."""

from collections.abc import Callable, Iterable, Mapping

import attrs
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

#: Name in ``/stats``, and what it means; those that only grow are counters.
COUNTERS = {
    "polls": "Polls of miners, good and missed",
    "misses": "Polls that a miner did not answer well",
    "by_hand": "Polls that somebody asked for",
    "kept": "Observations written",
    "dropped": "Observations lost because the database could not be written for too long",
}
GAUGES = {
    "miners": "Miners that are polled",
    "in_flight": "Polls under way",
    "waiting": "Observations that wait to be written",
    "lag_s": "Seconds by which the last poll started late",
    "working": "1 in the process that polls",
}


@attrs.frozen(eq=False)
class PollingFigures(Collector):
    """A collector for a registry of ``prometheus_client``."""

    read: Callable[[], Mapping[str, float]]

    def collect(self) -> Iterable[Metric]:
        figures = self.read()
        for name, meaning in COUNTERS.items():
            yield CounterMetricFamily(f"lineman_polling_{name}", meaning, value=figures[name])
        for name, meaning in GAUGES.items():
            yield GaugeMetricFamily(f"lineman_polling_{name.replace('_s', '_seconds')}", meaning, value=figures[name])


ALERT_COUNTERS = {
    "fired": "Alerts raised",
    "recovered": "Alerts that ended",
    "messages": "Messages that channels took",
    "failures": "Messages that channels did not take",
    "given_up": "Notices that no channel took in the end",
    "unreported": "Facts that could not be judged",
}
ALERT_GAUGES = {
    "rules": "Active rules",
    "pending": "What is bad, not yet for long enough",
    "firing": "Alerts that go on",
}


@attrs.frozen(eq=False)
class AlertFigures(Collector):
    """The same of the alerts; of the process that works, since only it judges."""

    read: Callable[[], Mapping[str, float]]

    def collect(self) -> Iterable[Metric]:
        figures = self.read()
        for name, meaning in ALERT_COUNTERS.items():
            yield CounterMetricFamily(f"lineman_alerts_{name}", meaning, value=figures[name])
        for name, meaning in ALERT_GAUGES.items():
            yield GaugeMetricFamily(f"lineman_alerts_{name}", meaning, value=figures[name])


SCAN_COUNTERS = {
    "scans": "Scans of all gateways",
    "probes": "Gateways whose pages were asked for",
    "failures": "Gateways of which no page could be read well",
    "lists_failed": "Lists of gateways that could not be read",
    "unreported": "Facts that could not be judged",
}
SCAN_GAUGES = {
    "last_scan_s": "Seconds that the last scan took",
    "last_scan_at": "When it ended, in seconds since 1970",
    "lag_s": "Seconds by which the timed scan is late",
}


@attrs.frozen(eq=False)
class ScanFigures(Collector):
    """The same of the gateways; of the process that works, since only it scans."""

    read: Callable[[], Mapping[str, float]]

    def collect(self) -> Iterable[Metric]:
        figures = self.read()
        for name, meaning in SCAN_COUNTERS.items():
            yield CounterMetricFamily(f"lineman_gateways_{name}", meaning, value=figures[name])
        for name, meaning in SCAN_GAUGES.items():
            named = name.replace("_scan_at", "_scan_timestamp_seconds").removesuffix("_s")
            unit = "_seconds" if name.endswith("_s") else ""
            yield GaugeMetricFamily(f"lineman_gateways_{named}{unit}", meaning, value=figures[name])


UNIT_COUNTERS = {
    "checks": "Looks at units",
    "offline": "Looks that found a unit offline",
    "unknown": "Looks that counted for nothing, since it may be our own fault",
    "cycles": "Power cycles that were decided upon",
    "unreported": "Facts that could not be judged",
}
UNIT_GAUGES = {
    "units": "Units that are watched",
    "cycles_under_way": "Power cycles under way",
    "lag_s": "Seconds by which the last look started late",
}


@attrs.frozen(eq=False)
class UnitFigures(Collector):
    """The same of the units; of the process that works, since only it looks at them."""

    read: Callable[[], Mapping[str, float]]

    def collect(self) -> Iterable[Metric]:
        figures = self.read()
        for name, meaning in UNIT_COUNTERS.items():
            yield CounterMetricFamily(f"lineman_units_{name}", meaning, value=figures[name])
        for name, meaning in UNIT_GAUGES.items():
            named = "watched" if name == "units" else name.replace("lag_s", "lag_seconds")
            yield GaugeMetricFamily(f"lineman_units_{named}", meaning, value=figures[name])
