"""Which event loop runs here: asyncio's, or none that is known."""

import asyncio

import pytest
import trio

from publora_async import ClientStateError
from publora_async._loops import loop_or_none, running_loop


async def test_inside_a_coroutine_it_is_the_loop_that_runs_it() -> None:
    loop = asyncio.get_running_loop()
    assert loop_or_none() is loop
    assert running_loop() is loop


def test_outside_there_is_none_and_who_needs_one_is_sent_to_the_other_package() -> None:
    assert loop_or_none() is None
    with pytest.raises(ClientStateError, match=r"no asyncio event loop .* publora_sync needs none"):
        running_loop()


def test_trios_loop_is_none() -> None:
    async def look() -> asyncio.AbstractEventLoop | None:  # trio awaits it
        return loop_or_none()

    assert trio.run(look) is None
