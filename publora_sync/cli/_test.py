"""``publora test``: has a platform say whether an account's credential works."""

import re
import sys
from enum import StrEnum
from typing import NamedTuple

import click

from publora_async import ConnectionTest, JSONValue, TestStatus
from publora_sync.cli._accounts import flat
from publora_sync.cli._client import find_user_id, open_client
from publora_sync.cli._formats import escape, to_csv, to_json, to_ndjson
from publora_sync.cli._options import Output, output_options
from publora_sync.cli._settings import Settings, client_options
from publora_sync.cli._shell import is_terminal, write
from publora_sync.cli._table import Cell, to_lines

__all__ = ["run_test"]

_FIELDS = (
    *("platformId", "platform", "username", "status", "verdict", "message", "advice"),
    *("permissions", "tokenExpiresIn", "lastSuccessfulPost", "lastError", "lastErrorAt"),
)

_EPILOG = """\
A platform's error is not always a lost credential: nothing tests Pinterest,
Telegram cannot test an account that was connected as a person, and a platform
may be down. There the verdict is unknown, and the account may work. json,
ndjson and csv have "verdict" and "advice" beside the fields of the response.

\b
Examples:
  publora test linkedin-Tz4NqVnrPU
  publora test telegram--1001234567890 --user ann@example.com
  publora test mastodon-1 --format json | jq -r .verdict

\b
Exit codes:
  0    the credential works
  1    it does not; ADVICE says whether to reconnect the account
  2    could not find out, stderr says why
  3    the test says nothing about it; ADVICE says why
"""


class Verdict(StrEnum):
    """What the test of a credential means."""

    WORKS = "works"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class _Judgement(NamedTuple):
    verdict: Verdict
    advice: str = ""


_EXIT_CODES = {Verdict.WORKS: 0, Verdict.BROKEN: 1, Verdict.UNKNOWN: 3}
_STYLES = {
    Verdict.WORKS: ("✓", "green"),
    Verdict.BROKEN: ("✗", "bold red"),
    Verdict.UNKNOWN: ("?", "yellow"),
}

# Publora's words for what is no lost credential, from its documentation of test-connection.
_ERRORS = (
    (
        r"Unknown platform: .*",
        _Judgement(
            Verdict.UNKNOWN,
            "nothing tests accounts of this platform: its status in publora connections stands",
        ),
    ),
    (
        r"Invalid bot connection",
        _Judgement(
            Verdict.UNKNOWN,
            "it works if it was connected as a person, whom Telegram cannot test; "
            "a bot has to be reconnected",
        ),
    ),
    (
        r"Bot needs channel administrator posting rights",
        _Judgement(
            Verdict.BROKEN, "give the bot these rights in Telegram; reconnecting does not help"
        ),
    ),
    (
        r"Channel is unavailable",
        _Judgement(
            Verdict.BROKEN,
            "see in Telegram whether the channel is there and the bot is in it",
        ),
    ),
    (
        r"Request failed with status code (429|5\d\d)",
        _Judgement(Verdict.UNKNOWN, "the platform itself failed: test again later"),
    ),
    (r".*", _Judgement(Verdict.BROKEN, "reconnect the account")),
)


def _judge(result: ConnectionTest) -> _Judgement:
    if result.ok:
        return _Judgement(Verdict.WORKS)
    if result.status != TestStatus.ERROR:
        return _Judgement(Verdict.UNKNOWN, "this version does not know that status")
    message = (result.message or "").strip()
    return next(said for words, said in _ERRORS if re.fullmatch(words, message, re.DOTALL))


@click.command("test", epilog=_EPILOG)
@click.argument("platform_id", metavar="ID")
@click.option(
    "--user",
    metavar="USER",
    help="The managed user whose account it is, by id or e-mail. Without it: the key's own. "
    "Takes a workspace key.",
)
@output_options()
@client_options
def run_test(*, platform_id: str, user: str | None, output: Output, settings: Settings) -> None:
    """
    Have a platform say whether an account's credential works.

    ID is the platform id of the account, as publora connections lists it. Nothing is posted
    and nothing changed.
    """
    with open_client(settings) as opened:
        user_id = user and find_user_id(opened, user)
        result = opened.ask(opened.client.connections.test, platform_id, user_id=user_id)
    judgement = _judge(result)
    write(_report(result, judgement, output))
    sys.exit(_EXIT_CODES[judgement.verdict])


def _report(result: ConnectionTest, judgement: _Judgement, output: Output) -> str:
    fields: dict[str, JSONValue] = {
        **result.to_dict(),
        "verdict": judgement.verdict.value,
        "advice": judgement.advice or None,
    }
    match output.form:
        case "json":
            return to_json(fields)
        case "ndjson":
            return to_ndjson([fields])
        case "csv":
            row = {**flat(fields), "permissions": " ".join(result.permissions)}
            return to_csv(_FIELDS, [row], raw=output.raw, escaped=is_terminal(sys.stdout))
    return _for_people(result, judgement)


def _for_people(result: ConnectionTest, judgement: _Judgement) -> str:
    error, posted = result.last_error, result.last_successful_post
    mark, style = _STYLES[judgement.verdict]
    parts = (
        ("VERDICT", judgement.verdict.value),
        ("STATUS", result.status),
        ("MESSAGE", result.message),
        ("ADVICE", judgement.advice),
        ("ACCOUNT", "  ".join(filter(None, (result.username, result.platform_id)))),
        ("PERMISSIONS", ", ".join(result.permissions)),
        ("EXPIRES IN", result.token_expires_in),
        ("LAST POST", posted and f"{posted:%Y-%m-%d %H:%M} UTC"),
        ("LAST ERROR", error and error.message),
    )
    return to_lines(
        [
            (title, Cell(escape(text), *((style, mark) if title == "VERDICT" else ())))
            for title, text in parts
            if text
        ]
    )
