"""The header line: what is controlled, by whom, in which mode, how it stands."""

from __future__ import annotations

import textwrap

from textual.content import Content

from console.live.scene import HeaderContext
from console.live.signs import MUTED, Signs
from console.live.snapshot import Snapshot
from core.runs.records import RunKind, RunState
from core.state import ControlMode
from core.times import clock

_MODE_STYLE = {
    ControlMode.AUTO: "bold $text-success",
    ControlMode.SHADOW: "bold $text-primary",
    ControlMode.MANUAL: "bold $text-warning",
    ControlMode.HOLD: "bold $text-secondary",
}


def header(snapshot: Snapshot, context: HeaderContext, signs: Signs, width: int) -> list[Content]:
    """Exactly what is true, on one line, or on two where one cannot hold it."""
    gap = "  "
    figures = _figures(snapshot, signs, wide=width >= 120)
    paths = [
        _path(snapshot, signs, long=long) for long in ((True, False) if width >= 120 else (False,))
    ]
    for tight in (False, True):
        control = _control(snapshot, context, signs, tight=tight)
        right = Content(gap).join([*control, *figures])
        for path in paths:
            if path.cell_length + right.cell_length + 4 <= width:
                return [_apart(path, right, width)]
    control = _control(snapshot, context, signs, tight=False)
    right = Content(gap).join(control)
    path = signs.cut(paths[-1], max(width - right.cell_length - 4, 8))
    name = signs.cut(Content.styled(snapshot.info.run_id, MUTED), width // 2)
    return [_apart(path, right, width), _apart(name, Content(gap).join(figures), width)]


def _apart(left: Content, right: Content, width: int) -> Content:
    gap = " " * max(width - 2 - left.cell_length - right.cell_length, 1)
    return Content.assemble(" ", left, gap, right)


def _path(snapshot: Snapshot, signs: Signs, *, long: bool) -> Content:
    status = snapshot.status
    environment, scenario, policy = status.environment, status.scenario, status.policy
    if snapshot.info.target:
        environment, scenario = environment.partition(" ")[0], snapshot.info.target
    if not long:
        policy = policy.removesuffix(" (shipped)")
    elif environment == "sim":
        environment = "simulator"
    if snapshot.info.kind is RunKind.TRAINING:
        policy = f"training {policy}"
    known = "environment-simulator" if status.environment == "sim" else "environment-cluster"
    return Content.assemble(
        (signs.words(environment), f"bold ${known}"),
        (f" {signs.path} ", MUTED),
        signs.words(scenario),
        (f" {signs.path} ", MUTED),
        (signs.words(policy), "bold"),
    )


def _control(
    snapshot: Snapshot, context: HeaderContext, signs: Signs, *, tight: bool
) -> list[Content]:
    parts = _badges(snapshot, context, tight=tight)
    inference = snapshot.info.kind is RunKind.INFERENCE
    if inference or snapshot.info.target:
        parts.append(_mode(snapshot, context, signs, tight=tight))
    stands = not context.playing if context.replay else snapshot.status.paused
    # A real cluster has the one speed that the world has.
    paced = inference and not snapshot.info.target
    moves = context.replay or (paced and snapshot.status.state.is_live)
    if moves and not (tight and stands):
        speed = context.replay_speed if context.replay else snapshot.status.speed
        parts.append(Content(speed_text(speed, signs)))
    return parts


def _figures(snapshot: Snapshot, signs: Signs, *, wide: bool) -> list[Content]:
    if snapshot.info.kind is not RunKind.INFERENCE:
        training = snapshot.status.training
        if training is None:
            return []
        share = 100 * training.timesteps / max(training.total_timesteps, 1)
        return [Content.styled(f"{min(share, 100):.0f} %", "bold")]
    step, hours = snapshot.step, snapshot.totals.pod_hours
    written = f"{hours:.1f}" if hours < 1000 else f"{hours:.0f}"
    return [
        Content(clock(step.state.time_s if step is not None else 0.0)),
        _violations(snapshot, wide=wide),
        Content(f"{written} pod{signs.middle}h"),
    ]


def _badges(snapshot: Snapshot, context: HeaderContext, *, tight: bool) -> list[Content]:
    state = snapshot.status.state
    found = []
    if context.replay:
        found.append(_badge("REPLAY", "primary", tight=tight))
    elif context.read_only:
        found.append(_badge("READ-ONLY", "secondary", tight=tight))
    if state is RunState.LOST:
        found.append(_badge("ENGINE LOST", "error", tight=tight))
    elif state is RunState.FAILED:
        found.append(_badge("FAILED", "error", tight=tight))
    elif state is RunState.STARTING:
        found.append(_badge("STARTING", "secondary", tight=tight))
    elif not context.replay and state in (RunState.FINISHED, RunState.STOPPED):
        found.append(_badge(state.name, "success", tight=tight))
    if (context.replay and not context.playing) or (
        not context.replay and state is RunState.PAUSED
    ):
        found.append(_badge("PAUSED", "warning", tight=tight))
    if snapshot.status.degraded and not context.replay:
        found.append(_badge("DEGRADED", "warning", tight=tight))
    return found


def _badge(words: str, color: str, *, tight: bool) -> Content:
    return Content.styled(words if tight else f" {words} ", f"bold $text-{color} on ${color}-muted")


def _mode(snapshot: Snapshot, context: HeaderContext, signs: Signs, *, tight: bool) -> Content:
    status = snapshot.status
    step = snapshot.step
    mode = step.mode if context.replay and step is not None else status.mode
    words = mode.value
    if mode is ControlMode.MANUAL:
        if context.replay and step is not None:
            words += f" {step.target}"
        elif status.override_target is not None:
            words += f" {status.override_target}"
            if status.override_remaining_s is not None:
                words += f" {signs.middle} {_countdown(status.override_remaining_s)}"
                words += "" if tight else " left"
    return Content.styled(words, _MODE_STYLE[mode])


def _countdown(seconds: float) -> str:
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60:02d}:{whole % 60:02d}"


def speed_text(speed: float | None, signs: Signs) -> str:
    """A speed such as 10×, or max."""
    return "max" if speed is None else f"{speed:g}{signs.times}"


def _violations(snapshot: Snapshot, *, wide: bool) -> Content:
    ratio = snapshot.totals.slo_violation_ratio
    label = "over SLO " if wide else ">SLO "
    if ratio is None:
        return Content(f"{label}-")
    style = "$text-error" if ratio > 0.01 else "$text-warning" if ratio > 0.002 else ""
    return Content.assemble(label, (f"{100 * ratio:.2f} %", style))


def alert(
    snapshot: Snapshot | None, problem: str, context: HeaderContext, width: int
) -> list[Content]:
    """Below the header: what is wrong and what to do; nothing if there is nothing to say."""
    text, style = _trouble(snapshot, problem, context) or ("", MUTED)
    lines = textwrap.wrap(text, max(width - 2, 10))
    return [Content.styled(f" {line}", style) for line in lines]


def _trouble(
    snapshot: Snapshot | None, problem: str, context: HeaderContext
) -> tuple[str, str] | None:
    if problem:
        return problem, "$text-error"
    if snapshot is None:
        return None
    status = snapshot.status
    if status.state is RunState.LOST:
        what = (
            "Resume it from its last checkpoint in the list of runs (R)."
            if snapshot.info.kind is RunKind.TRAINING
            else "Nothing is scaled any more. Restart it from the list of runs (R)."
        )
        return f"ENGINE LOST: it ended without a word. {what}", "$text-error"
    if status.state is RunState.FAILED:
        return f"FAILED: {status.message} See engine.log in the run.", "$text-error"
    if status.state.is_live and status.message and not context.replay:
        leads = f" r resumes {status.former_mode}." if status.former_mode else ""
        degraded = f" DEGRADED: {status.degraded}." if status.degraded else ""
        return f"HOLD: {status.message}.{leads}{degraded}", "$text-warning"
    if status.degraded and not context.replay:
        return f"DEGRADED: {status.degraded}", "$text-warning"
    return None
