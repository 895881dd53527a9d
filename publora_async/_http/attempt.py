"""
Makes one attempt: sends one request, reads its response, and keeps the attempt's limits.

A failure is returned, and raised only when every ``except`` block is left: aiohttp's exceptions
hold the request with its headers, so none of them may become the ``__context__`` of what a user
sees.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import aiohttp

from publora_async._decoding.strict_json import parse_ahead
from publora_async._http.exchange import Exchange
from publora_async._http.failures import Failure, failure_of
from publora_async._http.options import ClientOptions
from publora_async._http.refusals import refusal, says_no
from publora_async._http.request import CONSENT_HEADER, Request
from publora_async._http.retry import REPEATABLE_STATUSES, parse_retry_after
from publora_async._http.session import Pool
from publora_async._http.straight import Response, Stages
from publora_async._http.timer import Until
from publora_async.errors import Limit, ResponseDecodeError

__all__ = ["LARGE_BODY", "MAX_ERROR_BODY", "Attempts"]

MAX_ERROR_BODY: Final = 64 * 1024

LARGE_BODY: Final = 128 * 1024
"""Bytes from which on a body is parsed in one turn of the loop and made records of in the next."""

T = TypeVar("T")


class Attempts:
    """
    Makes single attempts.

    Args:
        options: The client options.
        pool: The connection pool.
    """

    def __init__(self, options: ClientOptions, pool: Pool) -> None:
        self._options = options
        self._pool = pool
        self._exchange = Exchange(options, pool)

    async def make(
        self,
        session: aiohttp.ClientSession,
        request: Request,
        decode: Callable[[bytes], T],
        deadline: float,
        stages: Stages | None = None,
    ) -> T | Failure:
        """
        Make one attempt.

        Args:
            session: The pool's.
            request: What to send.
            decode: Reads the body of a 2xx response.
            deadline: When the attempt must end, by the loop's clock.
            stages: Is told how far it comes. ``None``: nobody is.

        Returns:
            What *decode* made of the response, or how the attempt failed.
        """
        stages = stages or Stages()
        refused: Failure | None = None
        end = asyncio.get_running_loop().time() + self._options.timeout.total
        try:
            with Until(min(end, deadline), self._pool.timer):
                response = await self._exchange.send(session, request, stages)
                stages.reached, stages.status = "body", response.status
                try:
                    if not (200 <= response.status < 300 and response.status != 206):
                        # Kept before its body is read: a 401 is one however its body breaks off.
                        refused = self._refusal(request, response, b"")
                        body = await _read(response.content, MAX_ERROR_BODY)
                        return self._refusal(request, response, body)
                    body = await _read(response.content, request.max_body)
                finally:
                    # With a body that was not read to its end, this closes it.
                    response.connection.release()
            # From here on it is there: no limit takes it from the caller any more.
            if body is None:
                return _too_long(request)
            if len(body) >= LARGE_BODY:
                body = parse_ahead(body)
                await asyncio.sleep(0)
            return self._read_by(decode, request, response, body)
        # Whatever asyncio, aiohttp or what somebody has put below them lets through: no user's
        # failure may end a fan-out, and callers expect no errors but ours.
        except Exception as error:  # noqa: BLE001
            limit: Limit = "deadline" if deadline < end else "timeout"
            return refused or failure_of(error, stages.reached, limit, self._options)

    def _read_by(
        self, decode: Callable[[bytes], T], request: Request, response: Response, body: bytes
    ) -> T | Failure:
        try:
            return decode(body)
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the body.
            failure = Failure(error.with_traceback(None), repeatable=False)
        return self._refusal(request, response, body) if says_no(body) else failure

    def _refusal(self, request: Request, response: Response, body: bytes | None) -> Failure:
        headers = response.headers
        error = refusal(
            response.status,
            body or b"",
            location=headers.get("Location"),
            retry_after=parse_retry_after(
                headers.getall("Retry-After", []), headers.getall("Date", []), datetime.now(UTC)
            ),
            key=self._options.api_key,
            user_token=request.headers.get(CONSENT_HEADER),
        )
        return Failure(error, response.status in REPEATABLE_STATUSES and body is not None)


def _too_long(request: Request) -> Failure:
    error = ResponseDecodeError(f"the response is over {request.max_body} bytes long")
    return Failure(error, repeatable=False)


async def _read(content: aiohttp.StreamReader, most: int) -> bytes | None:
    """Read the decoded body, or give ``None`` as soon as it is over *most* bytes."""
    parts = [await content.readany()]
    size = len(parts[0])
    while size <= most and not content.at_eof():
        parts.append(await content.readany())
        size += len(parts[-1])
    # Joined once: to add each part to those before would copy 64 MiB hundreds of times.
    return b"".join(parts) if size <= most else None
