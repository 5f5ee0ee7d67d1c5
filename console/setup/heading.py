"""The first line of Setup: which parts there are, and which one is shown."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class SetupHeading(Static):
    """Names the parts where only one of them is shown; a click on one goes there."""

    def __init__(self) -> None:
        super().__init__("", id="setup-heading")
        self._shown: tuple[int, bool, bool, bool] | None = None

    def show(self, step: int, *, training: bool, cluster: bool, wide: bool) -> None:
        """Show where the operator is.

        Args:
            step: The part that is shown, from 1.
            training: Whether the third part is a training.
            cluster: Whether the second part lends a service model only.
            wide: Whether all parts are shown at once.
        """
        if self._shown == (step, training, cluster, wide):
            return
        self._shown = (step, training, cluster, wide)
        parts: list[tuple[str, str]] = [(" rlscale-console ", "bold")]
        if wide:
            parts.append((" setup", "$series-axis"))
        else:
            names = (
                "environment",
                "service model" if cluster else "traffic",
                "training" if training else "policy",
            )
            for number, name in enumerate(names, start=1):
                style = "bold reverse" if number == step else "$series-axis"
                parts.append((f" {number} {name} ", f"{style} @click=screen.go({number})"))
        self.update(Content.assemble(*parts), layout=False)
