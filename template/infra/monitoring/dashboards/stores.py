"""PostgreSQL, Redis and the queue of background jobs."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from dashboards.panels import board, lines, quantile, rate

REDIS = 'job="redis"'
POSTGRES = 'job="postgres"'
CONNECTIONS = {
    "{{state}}": f"sum by (state) (pg_stat_activity_count{{{POSTGRES}}})",
    "limit": f"max(pg_settings_max_connections{{{POSTGRES}}})",
}
MEMORY = {"used": f"redis_memory_used_bytes{{{REDIS}}}", "limit": f"redis_memory_max_bytes{{{REDIS}}}"}
KEYS = {each: f"rate(redis_{each}_keys_total{{{REDIS}}}[$__rate_interval])" for each in ("evicted", "expired")}
# Each worker reports the numbers of all jobs.
JOBS = {each: f"max(jobs_{each})" for each in ("queued", "running", "failed", "dead")}
# The scrape has a label `job` of its own, so that Prometheus renames that of a job.
NAME = "exported_job"


def dashboard() -> Dashboard:
    """The dashboard of what the services keep their data in."""
    wait = quantile(0.95, "db_pool_wait_seconds", by="job")
    slowest = f"max by (state) (pg_stat_activity_max_tx_duration{{{POSTGRES}}})"
    size = f"pg_database_size_bytes{{{POSTGRES}}}"
    duration = quantile(0.95, "job_duration_seconds", by=NAME)
    return (
        board("Stores and queue", "stores")
        .with_row(Row("PostgreSQL"))
        .with_panel(lines("Connections by state", "none", CONNECTIONS))
        .with_panel(lines("Pools", "none", {"{{job}} {{state}}": "sum by (job, state) (db_pool_connections)"}))
        .with_panel(lines("95th percentile of the wait for a connection", "s", {"{{job}}": wait}))
        .with_panel(lines("Locks by mode", "none", {"{{mode}}": f"sum by (mode) (pg_locks_count{{{POSTGRES}}})"}))
        .with_panel(lines("Longest transaction by state", "s", {"{{state}}": slowest}))
        .with_panel(lines("Size of the databases", "bytes", {"{{datname}}": size}))
        .with_row(Row("Redis"))
        .with_panel(lines("Memory", "bytes", MEMORY))
        .with_panel(lines("Evicted and expired keys", "ops", KEYS))
        .with_panel(lines("Commands", "ops", rate("redis_commands_total", REDIS, "cmd")))
        .with_panel(lines("Clients", "none", {"connected": f"redis_connected_clients{{{REDIS}}}"}))
        .with_row(Row("Background jobs"))
        .with_panel(lines("Jobs; failed ones will be repeated", "none", JOBS))
        .with_panel(lines("Age of the oldest job that is due", "s", {"age": "max(jobs_oldest_age_seconds)"}))
        .with_panel(lines("Runs by outcome", "ops", rate("job_runs_total", "", "outcome")))
        .with_panel(lines("95th percentile of the duration", "s", {f"{{{{{NAME}}}}}": duration}))
    )
