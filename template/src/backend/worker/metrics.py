"""Prometheus metrics of jobs."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class JobMetrics:
    """The runs of jobs by outcome and their durations, and the numbers of jobs in the database."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = Counter("job_runs", "Number of runs of jobs.", ["job", "outcome"], registry=registry)
        self._seconds = Histogram(
            "job_duration_seconds", "Duration of runs of jobs.", ["job"], registry=registry, buckets=BUCKETS
        )
        self.waiting = Gauge("jobs_waiting", "Number of jobs that have not finished.", registry=registry)
        self.dead = Gauge("jobs_dead", "Number of dead letters.", registry=registry)

    def observe(self, job: str, outcome: str, seconds: float) -> None:
        """Record a run; `job` must be a name of the list."""
        self._runs.labels(job, outcome).inc()
        self._seconds.labels(job).observe(seconds)
