"""A client that writes down the waits between its attempts instead of waiting."""

from collections.abc import Callable

import pytest
from hostile import HostileServer

from publora_async import ConnectionList, PubloraError, decode_connections
from publora_async._pool import Pool
from publora_async._requests import list_connections
from publora_async._transport import Transport
from publora_async.options import ClientOptions


class PatientClient:
    """One transport; its random numbers are all one half, and *waits* holds its waits."""

    def __init__(self, server: HostileServer, **options: object) -> None:
        self.waits: list[float] = []
        settings = ClientOptions(api_key="sk_test", base_url=server.base_url, **options)  # type: ignore[arg-type]  # each test passes what fits
        self.pool = Pool(settings, None)
        self._transport = Transport(settings, self.pool, sleep=self._sleep, random=lambda: 0.5)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def list(self) -> ConnectionList:
        return await self._transport.call(list_connections(None), decode_connections)

    async def failure(self) -> PubloraError:
        with pytest.raises(PubloraError) as caught:
            await self.list()
        return caught.value


Open = Callable[..., PatientClient]
