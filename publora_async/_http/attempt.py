"""
One attempt: one request is sent, and its answer read.

A failure is handed back as a value, to be raised once every ``except`` block is left: aiohttp's
exceptions hold the request with its headers, so none of them may become the ``__context__`` of
what a user sees.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import aiohttp
from aiohttp.http import HttpProcessingError

from publora_async._http.exchange import Answer, Exchange, Progress
from publora_async._http.failures import BrokenConnectionError, Failure, failure_of
from publora_async._http.options import ClientOptions
from publora_async._http.refusals import refusal
from publora_async._http.request import Request
from publora_async._http.retry import REPEATABLE_STATUSES, parse_retry_after
from publora_async._http.session import Pool
from publora_async._http.timer import Until
from publora_async.errors import Limit, ResponseDecodeError

__all__ = ["MAX_BODY", "MAX_ERROR_BODY", "Sender"]

MAX_BODY: Final = 4 * 1024 * 1024
MAX_ERROR_BODY: Final = 64 * 1024

T = TypeVar("T")


class Sender:
    """
    Makes single attempts.

    Args:
        options: What the client was told.
        pool: The connections.
    """

    def __init__(self, options: ClientOptions, pool: Pool) -> None:
        self._options = options
        self._pool = pool
        self._exchange = Exchange(options, pool)

    async def send(
        self, request: Request, decode: Callable[[bytes], T], deadline: float
    ) -> T | Failure:
        """
        Make one attempt.

        Args:
            request: What to ask.
            decode: Reads the body of an answer of 2xx.
            deadline: The latest moment to be at it, by the loop's clock.

        Returns:
            What *decode* made of the answer, or how the attempt failed.

        Raises:
            ClientStateError: The client cannot be used here.
        """
        progress = Progress()
        refused: Failure | None = None
        end = asyncio.get_running_loop().time() + self._options.timeout.total
        try:
            with Until(min(end, deadline), self._pool.timer):
                answer = await self._exchange.answer(request, progress)
                progress.stage = "body"
                try:
                    if 200 <= answer.status < 300 and answer.status != 206:
                        body = await _read(answer.content, MAX_BODY)
                        return _too_long() if body is None else decode(body)
                    # Kept before its body is read: a 401 is one however its body breaks off.
                    refused = self._refusal(answer, b"")
                    return self._refusal(answer, await _read(answer.content, MAX_ERROR_BODY))
                finally:
                    # With a body that was not read to its end, this closes it.
                    answer.connection.release()
        except ResponseDecodeError as error:
            # Without its traceback, whose frames hold the answer.
            return Failure(error.with_traceback(None), repeatable=False)
        except (aiohttp.ClientError, HttpProcessingError, BrokenConnectionError, OSError) as error:
            limit: Limit = "deadline" if deadline < end else "timeout"
            return refused or failure_of(error, progress.stage, limit, self._options)

    def _refusal(self, answer: Answer, body: bytes | None) -> Failure:
        headers = answer.headers
        error = refusal(
            answer.status,
            body or b"",
            location=headers.get("Location"),
            retry_after=parse_retry_after(headers.getall("Retry-After", []), datetime.now(UTC)),
            key=self._options.api_key,
        )
        return Failure(error, answer.status in REPEATABLE_STATUSES and body is not None)


def _too_long() -> Failure:
    error = ResponseDecodeError(f"the answer is over {MAX_BODY} bytes long")
    return Failure(error, repeatable=False)


async def _read(content: aiohttp.StreamReader, most: int) -> bytes | None:
    """The decoded body; ``None``, and the rest left unread, if it is over *most* bytes."""
    body = await content.readany()
    while len(body) <= most and not content.at_eof():
        body += await content.readany()
    return body if len(body) <= most else None
