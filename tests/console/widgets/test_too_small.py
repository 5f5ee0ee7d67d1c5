from __future__ import annotations

import pytest

from console.start import StartRequest, StartRuns, StartSetup
from tests.console.pilots import console, settled, shown


@pytest.mark.parametrize("start", [StartSetup(), StartRuns()])
async def test_a_terminal_that_is_too_small_says_so_until_it_grows(start: StartRequest) -> None:
    async with console(start).run_test(size=(59, 20)) as pilot:
        await settled(pilot)
        text = " ".join(shown(pilot).split())
        assert text == "Needs 60x16, is 59x20. Make it larger; q quits."
        await pilot.resize_terminal(60, 16)
        await settled(pilot)
        assert "Needs 60x16" not in shown(pilot)
        assert "rlscale-console" in shown(pilot)
        await pilot.resize_terminal(100, 15)
        await settled(pilot)
        assert "is 100x15" in shown(pilot)
