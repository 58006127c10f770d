"""The gateway on one core against a plain proxy of FastAPI and httpx, and against nginx, with one upstream."""

from __future__ import annotations

import shutil
import statistics
from contextlib import ExitStack
from pathlib import Path

from toolkit.bench.measure import Row
from toolkit.bench.servers import (
    ANSWER,
    FORWARD,
    LOAD_CORE,
    PATH,
    PAUSE,
    SERVER_CORE,
    Server,
    cpu_per_request,
    gateway,
    load,
    nginx,
    plain,
    tracing_off,
)

PLAIN_BUDGET = 30.0
NGINX_BUDGET = 0.25
ADDED_BUDGET = 0.5e-3
TAIL_BUDGET = 3.0
PROCESSES_BUDGET = 1.1
TRACED_SHARE = 0.1
OFF_BUDGET, TRACED_BUDGET, TRACED_NGINX_BUDGET = 1.02, 1.15, 0.22
# Of cost and memory that should not grow, which differ by this much between two runs.
FLAT = 1.05
NEEDED = ("wrk", "nginx", "taskset")
ROUNDS = 3
MANY_CONNECTIONS = 1000
MANY_REQUESTS = 1_000_000
SERVICES = (1, 10, 100)


def measure(scratch: Path, project: Path) -> list[Row]:
    """All rows of the gateway; one row with the reason if wrk, nginx or taskset is missing."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return [Row("gateway, one core", "not measured", f"missing: {', '.join(missing)}", "—", "—", None)]
    with ExitStack() as stack:
        upstream = stack.enter_context(nginx(scratch / "upstream", LOAD_CORE, ANSWER))
        ours = stack.enter_context(gateway(project, upstream))
        fast = stack.enter_context(nginx(scratch / "nginx", SERVER_CORE, FORWARD, behind=upstream))
        with plain(upstream) as slow:
            rows = throughput(ours, slow, fast)
        rows.append(added_latency(ours, upstream))
        rows += tail_latency(ours, fast, scratch)
        with gateway(project, upstream, traced=TRACED_SHARE) as traced:
            rows += tracing(ours, traced, fast, tracing_off(project))
        rows.append(memory(ours))
        with gateway(project, upstream) as second:
            rows.append(two_processes(ours, second))
    with nginx(scratch / "other", LOAD_CORE, ANSWER) as upstream:
        rows.append(many_services(project, upstream))
    return rows


def throughput(*servers: Server) -> list[Row]:
    """Requests per second of the gateway, the plain proxy and nginx, in turns."""
    rounds = [[load(server).per_second for server in servers] for _ in range(ROUNDS)]
    ours, slow, fast = (statistics.median(column) for column in zip(*rounds, strict=True))
    return [
        Row(
            "gateway, all features on, one core",
            f"{ours:,.0f} requests/s",
            f"{slow:,.0f} (FastAPI + httpx)",
            f"{ours / slow:.1f} ×",
            f"≥ {PLAIN_BUDGET:.0f} ×",
            ours / slow >= PLAIN_BUDGET,
        ),
        Row(
            "the same against nginx",
            f"{ours:,.0f} requests/s",
            f"{fast:,.0f} (nginx)",
            f"{ours / fast:.0%}",
            f"≥ {NGINX_BUDGET:.0%}",
            ours / fast >= NGINX_BUDGET,
        ),
    ]


def tracing(ours: Server, traced: Server, fast: Server, off: float) -> list[Row]:
    """CPU time of a request and throughput with tracing; `off` is the time in microseconds while it is off."""
    rounds = [(cpu_per_request({ours: PATH}), cpu_per_request({traced: PATH})) for _ in range(2 * ROUNDS)]
    untraced, sampled = (statistics.median(column) for column in zip(*rounds, strict=True))
    most, nginx_most = (statistics.median(load(each).per_second for _ in range(ROUNDS)) for each in (traced, fast))
    without = untraced - off
    return [
        Row(
            "CPU time of a request, tracing off",
            f"{untraced:.1f} µs",
            f"{without:.1f} µs (without its calls)",
            f"{untraced / without:.3f} ×",
            f"≤ {OFF_BUDGET} ×",
            untraced / without <= OFF_BUDGET,
        ),
        Row(
            f"… {TRACED_SHARE:.0%} of the traces recorded",
            f"{sampled:.1f} µs",
            f"{without:.1f} µs",
            f"{sampled / without:.2f} ×",
            f"≤ {TRACED_BUDGET} ×",
            sampled / without <= TRACED_BUDGET,
        ),
        Row(
            "… against nginx",
            f"{most:,.0f} requests/s",
            f"{nginx_most:,.0f} (nginx)",
            f"{most / nginx_most:.0%}",
            f"≥ {TRACED_NGINX_BUDGET:.0%}",
            most / nginx_most >= TRACED_NGINX_BUDGET,
        ),
    ]


def added_latency(ours: Server, upstream: Server) -> Row:
    """The latency of one connection, with nothing else to do."""
    latency, direct = (statistics.median(load(each, 1, 3).p50 for _ in range(ROUNDS)) for each in (ours, upstream))
    return Row(
        "one connection, p50",
        milliseconds(latency),
        f"{milliseconds(direct)} (upstream directly)",
        f"+ {milliseconds(latency - direct)}",
        f"≤ {milliseconds(ADDED_BUDGET)}",
        latency - direct <= ADDED_BUDGET,
    )


def tail_latency(ours: Server, fast: Server, scratch: Path) -> list[Row]:
    """The latency of many connections: with the same load on both servers, and with all that each can serve."""
    script = scratch / "pause.lua"
    script.write_text(PAUSE, encoding="utf-8")
    rows = []
    for what, each in ((f"{MANY_CONNECTIONS:,} connections, 5 requests/s each, p99", script), ("… saturated", None)):
        rounds = [
            [load(server, MANY_CONNECTIONS, 6, script=each).p99 for server in (ours, fast)] for _ in range(ROUNDS)
        ]
        latency, other = (statistics.median(column) for column in zip(*rounds, strict=True))
        rows.append(
            Row(
                what,
                milliseconds(latency),
                f"{milliseconds(other)} (nginx)",
                f"{latency / other:.1f} ×",
                f"≤ {TAIL_BUDGET:.0f} ×",
                latency / other <= TAIL_BUDGET,
            )
        )
    return rows


def memory(ours: Server) -> Row:
    """Resident memory before and after many requests; the loads before were the warm-up."""
    before = ours.memory()
    requests = 0
    while requests < MANY_REQUESTS:
        requests += load(ours, seconds=10).requests
    after = ours.memory()
    return Row(
        f"memory after {MANY_REQUESTS:,} requests",
        f"{after:.1f} MB",
        f"{before:.1f} MB (before)",
        f"{after / before:.2f} ×",
        f"≤ {FLAT} ×",
        after / before <= FLAT,
    )


def two_processes(one: Server, other: Server) -> Row:
    """CPU time of a request if one process or two share a core; each has half of the connections."""
    rounds = [(cpu_per_request({one: PATH, other: PATH}), cpu_per_request({one: PATH})) for _ in range(ROUNDS)]
    two, single = (statistics.median(column) for column in zip(*rounds, strict=True))
    return Row(
        "CPU time of a request, two processes",
        f"{two:.0f} µs",
        f"{single:.0f} µs (one)",
        f"{two / single:.2f} ×",
        f"≤ {PROCESSES_BUDGET} ×",
        two / single <= PROCESSES_BUDGET,
    )


def many_services(project: Path, upstream: Server) -> Row:
    """CPU time of a request to the last of the services, by their number."""
    with ExitStack() as stack:
        servers = {number: stack.enter_context(gateway(project, upstream, number)) for number in SERVICES}
        rounds = [
            [cpu_per_request({server: f"/api/service{number - 1}"}) for number, server in servers.items()]
            for _ in range(ROUNDS)
        ]
    cost = [statistics.median(column) for column in zip(*rounds, strict=True)]
    return Row(
        f"CPU time of a request, {SERVICES[-1]} more services",
        f"{cost[-1]:.0f} µs",
        ", ".join(f"{each:.0f} µs ({number})" for each, number in zip(cost[:-1], SERVICES, strict=False)),
        f"{cost[-1] / cost[0]:.2f} ×",
        f"≤ {FLAT} ×",
        cost[-1] / cost[0] <= FLAT,
    )


def milliseconds(seconds: float) -> str:
    """A time for people."""
    return f"{seconds * 1000:.2f} ms"
