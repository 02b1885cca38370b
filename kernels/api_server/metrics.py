"""The room in Prometheus' text form, collected anew from live state at every scrape. Keeps nothing."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from grace_tui.kernel import KernelContext


class RoomCollector(Collector):
    """Reads the room when it is scraped."""

    def __init__(self, context: KernelContext) -> None:
        self.context = context

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from self._kernels()
        yield from self._incidents_and_tasks()
        yield from self._bus()

    def _kernels(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("grace_kernel_running", "1 while the kernel is RUNNING", labels=["kernel"])
        restarts = CounterMetricFamily("grace_kernel_restarts", "Restarts since the room opened", labels=["kernel"])
        work = CounterMetricFamily("grace_kernel_work", "Units of work done", labels=["kernel"])
        beat = GaugeMetricFamily("grace_kernel_beat_age_seconds", "Seconds since the last beat", labels=["kernel"])
        for record in self.context.room.kernels():
            up.add_metric([record.name], float(record.state == "running"))
            restarts.add_metric([record.name], record.restarts)
            work.add_metric([record.name], record.count)
            if record.beat_age is not None:
                beat.add_metric([record.name], record.beat_age)
        yield from (up, restarts, work, beat)

    def _incidents_and_tasks(self) -> Iterator[Metric]:
        incidents = GaugeMetricFamily("grace_incidents", "Incidents kept, by state", labels=["state"])
        for state, count in Counter(incident.state for incident in self.context.incidents.all()).items():
            incidents.add_metric([state], count)
        tasks = GaugeMetricFamily("grace_tasks", "Repair tasks kept, by state", labels=["state"])
        for task_state, count in Counter(task.state for task in self.context.tasks.all()).items():
            tasks.add_metric([task_state], count)
        yield from (incidents, tasks)

    def _bus(self) -> Iterator[Metric]:
        found = self.context.bus.statistics()
        for name in ("published", "delivered", "dropped", "denied"):
            yield CounterMetricFamily(f"grace_bus_{name}", f"Messages {name} by the bus", value=getattr(found, name))
        yield CounterMetricFamily("grace_audit_entries", "Entries in the audit log", value=self.context.audit.count)


def render_metrics(context: KernelContext) -> tuple[bytes, int, dict[str, str]]:
    """Body, status and headers of a scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RoomCollector(context))
    return generate_latest(registry), 200, {"Content-Type": CONTENT_TYPE_LATEST}
