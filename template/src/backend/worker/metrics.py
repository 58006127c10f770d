"""Prometheus metrics of jobs."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from worker.repository import Counts

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class JobMetrics:
    """The runs of jobs of this process by outcome and their durations, and the numbers of all jobs in the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = Counter("job_runs", "Number of runs of jobs.", ["job", "outcome"], registry=registry)
        self._seconds = Histogram(
            "job_duration_seconds", "Duration of runs of jobs.", ["job"], registry=registry, buckets=BUCKETS
        )
        self._counts = [
            Gauge(name, help_text, registry=registry)
            for name, help_text in (
                ("jobs_queued", "Jobs that have not run yet."),
                ("jobs_running", "Jobs that run, in all processes."),
                ("jobs_failed", "Jobs that have failed, and will run again."),
                ("jobs_dead", "Dead letters."),
                ("jobs_oldest_age_seconds", "Seconds for which the oldest job that does not run has been due."),
            )
        ]

    def set_counts(self, counts: Counts) -> None:
        """Set the numbers of jobs in the database."""
        for gauge, number in zip(self._counts, counts, strict=True):
            gauge.set(number)

    def observe(self, job: str, outcome: str, seconds: float) -> None:
        """Record a run; `job` must be a name of the list."""
        self._runs.labels(job, outcome).inc()
        self._seconds.labels(job).observe(seconds)
