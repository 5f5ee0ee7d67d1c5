"""Where commands arrive in the engine: each is checked, carried out or refused, and answered."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError, RlscaleError
from core.runs.commands import CommandName, ExitRule
from core.runs.records import CommandRecord
from core.runs.store import RunWriter
from core.state import ControlMode


class Controls(Protocol):
    """What a session lets itself be asked; each returns what was done, in words.

    All raise `InputError` for what makes no sense at the moment.
    """

    def pause(self) -> str:
        """Stop before the next decision."""

    def resume(self) -> str:
        """Go on."""

    def step_once(self) -> str:
        """Take one decision and stay paused."""

    def set_speed(self, speed: float | None) -> str:
        """Change the speed; None: as fast as possible."""

    def set_mode(self, mode: ControlMode, confirmation: str) -> str:
        """Change the control mode."""

    def override(self, replicas: int, ttl_s: float | None, confirmation: str) -> str:
        """Pin replicas."""

    def release(self) -> str:
        """End the override."""

    def stop(self, reason: str, rule: ExitRule | None) -> str:
        """End in order, soon."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Speed(_Arguments):
    value: Annotated[float, Field(gt=0, le=1e6)] | Literal["max"]


class _Mode(_Arguments):
    value: Annotated[ControlMode, Field(strict=False)]
    confirmation: str = ""


class _Override(_Arguments):
    replicas: int
    ttl_s: float | None = None
    confirmation: str = ""


class _Stop(_Arguments):
    rule: Annotated[ExitRule | None, Field(strict=False)] = None


class CommandDesk:
    """Answers commands, oldest first.

    Args:
        writer: Where commands come from and answers go.
        controls: Who carries them out.
    """

    def __init__(self, writer: RunWriter, controls: Controls) -> None:
        self._writer = writer
        self._controls = controls

    def serve(self) -> bool:
        """Answer all that waits; returns whether there was any."""
        waiting = self._writer.new_commands()
        for record in waiting:
            try:
                result, ok = self._carry_out(record), True
            except RlscaleError as error:
                result, ok = str(error), False
            self._writer.answer(record, ok, result)
        return bool(waiting)

    def _carry_out(self, record: CommandRecord) -> str:
        if not self._writer.is_proved(record):
            raise InputError(
                f"expected proof of the operator's key for '{record.name}', found none that fits."
            )
        controls = self._controls
        try:
            match record.name:
                case CommandName.SPEED:
                    value = _Speed.model_validate(record.arguments).value
                    return controls.set_speed(None if value == "max" else float(value))
                case CommandName.MODE:
                    chosen = _Mode.model_validate(record.arguments)
                    return controls.set_mode(chosen.value, chosen.confirmation)
                case CommandName.OVERRIDE:
                    wanted = _Override.model_validate(record.arguments)
                    return controls.override(wanted.replicas, wanted.ttl_s, wanted.confirmation)
                case CommandName.STOP:
                    rule = _Stop.model_validate(record.arguments).rule
                    return controls.stop(f"stopped by {record.issuer}", rule)
            _Arguments.model_validate(record.arguments)
        except ValidationError as error:
            raise _refusal(record.name, error) from error
        match record.name:
            case CommandName.PAUSE:
                return controls.pause()
            case CommandName.RESUME:
                return controls.resume()
            case CommandName.STEP:
                return controls.step_once()
            case CommandName.RELEASE:
                return controls.release()
        known = ", ".join(CommandName)
        raise InputError(f"expected a command ({known}), found {record.name!r}.")


def refuse_waiting(writer: RunWriter, reason: str, last: int | None = None) -> None:
    """Answer every command that nobody has answered with a refusal.

    Args:
        writer: Where commands come from and answers go.
        reason: The answer.
        last: Number of the last command that is refused; None for all.
    """
    for record in writer.unanswered_commands():
        if last is None or record.id <= last:
            writer.answer(record, ok=False, result=reason)


def _refusal(name: str, error: ValidationError) -> InputError:
    first = error.errors()[0]
    place = str(first["loc"][0]) if first["loc"] else "arguments"
    found = f"{place} = {first['input']!r}: {first['msg']}"
    return InputError(f"expected valid arguments for '{name}', found {found}.")
