"""The tables of `run.db`: one description from which SQL, readers and documentation follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 2
"""The `user_version` that this version of the program writes."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its SQL type and constraints, its unit, and what it means."""

    name: str
    sql: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table and what a row of it is."""

    name: str
    row: str
    columns: tuple[Column, ...]
    constraint: str = ""
    """Table constraint, such as a key over two columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def create_sql(self) -> str:
        """The statement that creates the table."""
        parts = [f"{column.name} {column.sql}" for column in self.columns]
        parts += [self.constraint] if self.constraint else []
        return f"CREATE TABLE {self.name} ({', '.join(parts)})"

    def insert_sql(self, skip: tuple[str, ...] = ()) -> str:
        """An INSERT with one placeholder per column, without those in `skip`."""
        names = [name for name in self.names if name not in skip]
        marks = ", ".join("?" * len(names))
        return f"INSERT INTO {self.name} ({', '.join(names)}) VALUES ({marks})"


_KEY = "INTEGER PRIMARY KEY"
_WALL = Column("wall_time", "REAL NOT NULL", "s since the epoch", "When it was written.")

META: Final = Table(
    "meta",
    "one fact that never changes during the run",
    (
        Column("key", "TEXT PRIMARY KEY", "", "Name of the fact."),
        Column("value", "TEXT NOT NULL", "JSON", "The fact."),
    ),
)

STATUS: Final = Table(
    "status",
    "the run as it stands now; there is exactly one",
    (
        Column("id", "INTEGER PRIMARY KEY CHECK (id = 1)", "", "Always 1."),
        Column("state", "TEXT NOT NULL", "", "starting, running, finished, stopped or failed."),
        Column("message", "TEXT NOT NULL", "", "Why it stopped, failed or holds; or empty."),
        Column("mode", "TEXT NOT NULL", "", "AUTO, SHADOW, MANUAL or HOLD."),
        Column("former_mode", "TEXT", "", "The mode to which a release returns."),
        Column("override_target", "INTEGER", "replicas", "The pinned replicas in MANUAL."),
        Column("override_ends_s", "REAL", "simulated s", "When the override ends; NULL: never."),
        Column("speed", "REAL", "simulated s / s", "NULL: as fast as possible."),
        Column("paused", "INTEGER NOT NULL", "0 or 1", "1 while paused."),
        Column("degraded", "TEXT NOT NULL", "", "Why decisions are degraded; empty: they are not."),
        Column("time_s", "REAL NOT NULL", "simulated s", "The time of the newest step."),
        Column("step", "INTEGER NOT NULL", "", "Number of the newest step; -1 before the first."),
        Column("episode", "INTEGER NOT NULL", "", "Number of the episode that is running."),
        Column("timesteps", "INTEGER NOT NULL", "decisions", "Training: taken so far."),
        Column("total_timesteps", "INTEGER NOT NULL", "decisions", "Training: asked for."),
        Column("steps_per_s", "REAL", "decisions / s", "Speed of late."),
        Column("eta_s", "REAL", "s", "Training: estimated seconds left."),
        Column("best_score", "REAL", "", "Training: best evaluation so far; lower is better."),
        Column("baseline_score", "REAL", "", "Training: the calibrated HPA's score, same traffic."),
        Column("started_wall_time", "REAL", "s since the epoch", "When the engine started."),
        Column("ended_wall_time", "REAL", "s since the epoch", "When it ended; NULL: it has not."),
    ),
)

STATE_COLUMNS: Final = (
    Column("time_s", "REAL NOT NULL", "simulated s", "End of the interval that was measured."),
    Column("rps", "REAL", "requests / s", "Mean arrival rate."),
    Column("latency_p50_ms", "REAL", "ms", "Median response time."),
    Column("latency_p95_ms", "REAL", "ms", "95th percentile of the response time."),
    Column("latency_p99_ms", "REAL", "ms", "99th percentile of the response time."),
    Column("slo_violation_ratio", "REAL", "0-1", "Requests slower than the SLO or failed."),
    Column("error_ratio", "REAL", "0-1", "Requests that failed."),
    Column("cpu_utilization", "REAL", "of request", "CPU used; may exceed 1."),
    Column("memory_utilization", "REAL", "of request", "Memory used; may exceed 1."),
    Column("queue_requests", "REAL", "requests", "Requests waiting at the end of the interval."),
    Column("replicas_desired", "INTEGER NOT NULL", "replicas", "Desired before this decision."),
    Column("replicas_ready", "INTEGER NOT NULL", "replicas", "Serving."),
    Column("replicas_starting", "INTEGER NOT NULL", "replicas", "Not yet serving."),
    Column("nodes", "INTEGER NOT NULL", "nodes", "Nodes of the cluster."),
    Column("metrics_age_s", "REAL NOT NULL", "s", "Age of the newest sample behind the metrics."),
)
"""One column per field of `core.state.ClusterState`, by the same names."""

TOTAL_COLUMNS: Final = (
    Column("total_requests", "REAL NOT NULL", "requests", "Since the start of the episode."),
    Column("total_violations", "REAL NOT NULL", "requests", "Likewise: slower than SLO or failed."),
    Column("total_errors", "REAL NOT NULL", "requests", "Likewise: failed."),
    Column("total_pod_seconds", "REAL NOT NULL", "pod s", "Likewise: pods times seconds."),
    Column(
        "total_churn", "REAL NOT NULL", "replicas", "Likewise: changes of desired, up and down."
    ),
    Column("total_reward", "REAL NOT NULL", "", "Likewise: sum of rewards."),
)

STEPS: Final = Table(
    "steps",
    "one decision; in a training, a thinned sample of the first cluster's decisions",
    (
        Column("step", _KEY, "", "Number of the row from 0, without gaps."),
        Column("episode", "INTEGER NOT NULL", "", "Number of the episode; 0 in inference."),
        _WALL,
        *STATE_COLUMNS,
        Column("capacity_rps", "REAL", "requests / s", "Ready pods x per-pod capacity."),
        Column("policy_target", "INTEGER NOT NULL", "replicas", "What the policy wanted."),
        Column("policy_change", "INTEGER NOT NULL", "replicas", "Wanted minus desired."),
        Column("policy_reason", "TEXT NOT NULL", "", "Why, in words."),
        Column("policy_action", "INTEGER", "", "Index in the action set; NULL: it has none."),
        Column("policy_action_values", "BLOB", "float32[]", "One number per action."),
        Column("policy_values_kind", "TEXT NOT NULL", "", "none, probabilities or q_values."),
        Column("policy_value", "REAL", "", "The critic's estimate of the return."),
        Column("mode", "TEXT NOT NULL", "", "AUTO, SHADOW, MANUAL or HOLD."),
        Column("actor", "TEXT NOT NULL", "", "Who set the target."),
        Column("target", "INTEGER NOT NULL", "replicas", "Asked of the cluster from here on."),
        Column("guardrail", "TEXT NOT NULL", "", "Why a guardrail changed the target; or empty."),
        Column("reward", "REAL NOT NULL", "", "Of the measured interval: sum of the parts."),
        Column("reward_slo", "REAL NOT NULL", "", "Part for SLO violations; at most 0."),
        Column("reward_cost", "REAL NOT NULL", "", "Part for pods; at most 0."),
        Column("reward_churn", "REAL NOT NULL", "", "Part for changes; at most 0."),
        Column("reward_error", "REAL NOT NULL", "", "Part for errors; at most 0."),
        Column("observation", "BLOB", "float32[]", "What the policy saw; meta names the features."),
        *TOTAL_COLUMNS,
    ),
)

SERIES: Final = (
    *(column.name for column in STATE_COLUMNS),
    "capacity_rps",
    "policy_target",
    "target",
    "reward",
    "reward_slo",
    "reward_cost",
    "reward_churn",
    "reward_error",
)
"""The numeric columns of `steps` that charts draw."""

BUCKET_SIZES: Final = (32, 1024)
"""Steps per row of `buckets`, finest first; each divides the next."""


def _bucket_series() -> tuple[Column, ...]:
    by_name = {column.name: column for column in STEPS.columns}
    return tuple(
        Column(f"{name}_{side}", "REAL", by_name[name].unit, f"{word} of `{name}`.")
        for name in SERIES
        for side, word in (("min", "Least"), ("max", "Greatest"))
    )


BUCKETS: Final = Table(
    "buckets",
    "the extremes of `size` whole steps, so that long runs draw at once",
    (
        Column("size", "INTEGER NOT NULL", "steps", "32 or 1024."),
        Column("first_step", "INTEGER NOT NULL", "", "A multiple of `size`; where it begins."),
        Column("actors", "INTEGER NOT NULL", "bits", "Bit i: the i-th actor set a target here."),
        Column("modes", "INTEGER NOT NULL", "bits", "Bit i: the i-th mode was in force here."),
        Column("ups", "INTEGER NOT NULL", "steps", "Steps whose target exceeds desired."),
        Column("downs", "INTEGER NOT NULL", "steps", "Steps whose target is below desired."),
        *_bucket_series(),
    ),
    "PRIMARY KEY (size, first_step)",
)

SCALINGS: Final = Table(
    "scalings",
    "one call that changed replicas: written before the call, completed after it",
    (
        Column("id", _KEY, "", "Number of the row."),
        Column("step", "INTEGER NOT NULL", "", "The step at which it was decided."),
        Column("time_s", "REAL NOT NULL", "simulated s", "When."),
        _WALL,
        Column("actor", "TEXT NOT NULL", "", "Who wanted it."),
        Column("replicas_before", "INTEGER NOT NULL", "replicas", "Desired before the call."),
        Column("target", "INTEGER NOT NULL", "replicas", "What was asked for."),
        Column("done_wall_time", "REAL", "s since the epoch", "Answer; NULL: it never came."),
        Column("accepted", "INTEGER", "0 or 1", "1: the cluster agreed; NULL: unknown."),
        Column("message", "TEXT NOT NULL", "", "Why it was refused; empty otherwise."),
    ),
)

EVENTS: Final = Table(
    "events",
    "one thing that happened, for the log",
    (
        Column("id", _KEY, "", "Number of the row."),
        Column("step", "INTEGER NOT NULL", "", "The newest step at that moment; -1: none yet."),
        Column("time_s", "REAL NOT NULL", "simulated s", "When."),
        _WALL,
        Column("kind", "TEXT NOT NULL", "", "What sort of event, see below."),
        Column("actor", "TEXT NOT NULL", "", "Who brought it about."),
        Column("message", "TEXT NOT NULL", "", "In words."),
    ),
)

COMMANDS: Final = Table(
    "commands",
    "one request to the engine and its answer: the audit trail",
    (
        Column("id", _KEY, "", "Number of the row."),
        _WALL,
        Column("issuer", "TEXT NOT NULL", "", "Who asked: user@host."),
        Column("name", "TEXT NOT NULL", "", "Name of the command, see below."),
        Column("arguments", "TEXT NOT NULL", "JSON", "Its arguments."),
        Column("done_wall_time", "REAL", "s since the epoch", "Answer; NULL: not yet."),
        Column("ok", "INTEGER", "0 or 1", "1: done, 0: refused; NULL: not yet."),
        Column("result", "TEXT NOT NULL", "", "What was done, or why not, in words."),
        Column("proof", "TEXT NOT NULL DEFAULT ''", "", "That the issuer holds the key."),
    ),
)

TRAINING: Final = Table(
    "training",
    "one report of a training's progress",
    (
        Column("id", _KEY, "", "Number of the row."),
        Column("timesteps", "INTEGER NOT NULL", "decisions", "Taken so far, in all clusters."),
        Column("wall_s", "REAL NOT NULL", "s", "Training time so far, all sessions."),
        Column("episode_reward", "REAL", "", "Mean reward of the episodes that ended of late."),
        Column("episode_length", "REAL", "decisions", "Their mean length."),
        Column("policy_loss", "REAL", "", "PPO's policy loss."),
        Column("value_loss", "REAL", "", "PPO's value loss."),
        Column("entropy", "REAL", "nats", "Mean entropy of the policy (PPO)."),
        Column("q_loss", "REAL", "", "Loss of the Q-network (DQN)."),
        Column("exploration", "REAL", "0-1", "Probability of a random action (DQN)."),
        Column("learning_rate", "REAL", "", "Of the optimiser."),
        Column("steps_per_s", "REAL NOT NULL", "decisions / s", "Speed of late."),
        Column("eta_s", "REAL", "s", "Estimated seconds left."),
    ),
)

EVALUATIONS: Final = Table(
    "evaluations",
    "one evaluation during a training, on traffic that is not trained on",
    (
        Column("id", _KEY, "", "Number of the row."),
        Column("timesteps", "INTEGER NOT NULL", "decisions", "Taken before it."),
        Column("wall_s", "REAL NOT NULL", "s", "Training time before it."),
        Column("score", "REAL NOT NULL", "", "Pods per needed pod + 30 x violations; low is good."),
        Column("baseline_score", "REAL NOT NULL", "", "The calibrated HPA's score on it."),
        Column("slo_violation_ratio", "REAL NOT NULL", "0-1", "Mean over the traffic."),
        Column("pod_hours", "REAL NOT NULL", "pod h", "Mean over the traffic."),
        Column("churn", "REAL NOT NULL", "replicas", "Mean over the traffic."),
        Column("reward", "REAL NOT NULL", "", "Mean over the traffic."),
        Column("best", "INTEGER NOT NULL", "0 or 1", "1: no earlier one of this run was better."),
    ),
)

TABLES: Final = (
    META,
    STATUS,
    STEPS,
    BUCKETS,
    SCALINGS,
    EVENTS,
    COMMANDS,
    TRAINING,
    EVALUATIONS,
)
