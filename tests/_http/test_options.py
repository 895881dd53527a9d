"""Settings are checked when a client is made, and no message or traceback shows a secret."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from publora_async import ConfigurationError
from publora_async._http.options import ClientOptions, show_log
from publora_async._http.urls import DEFAULT_BASE_URL
from publora_async.options import Timeouts

KEY = "sk_1700000000000.0123456789abcdef"


def options(**changes: Any) -> ClientOptions:  # noqa: ANN401  # wrong types are tested too
    return ClientOptions(**{"api_key": KEY, **changes})


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    return str(raised.value)


def test_a_key_is_all_it_takes() -> None:
    assert attrs.asdict(options(), recurse=False) == {
        "api_key": KEY,
        "base_url": "https://api.publora.com/api/v1",
        "timeout": Timeouts(total=30.0, connect=None, read=None),
        "deadline": 120.0,
        "max_retries": 3,
        "max_connections": 100,
        "strict": False,
        "proxy": None,
        "ssl_context": None,
    }


def test_the_environment_is_read_when_options_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLORA_API_KEY", "sk_environment")
    monkeypatch.setenv("PUBLORA_BASE_URL", "http://localhost:8787/")
    made = ClientOptions()
    assert (str(made.api_key), made.base_url) == ("sk_environment", "http://localhost:8787")
    given = ClientOptions(api_key=KEY, base_url=DEFAULT_BASE_URL)
    assert (str(given.api_key), given.base_url) == (KEY, DEFAULT_BASE_URL)


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is not None:
        monkeypatch.setenv("PUBLORA_API_KEY", key)
    assert refused(ClientOptions) == (
        "no API key: create a key at https://app.publora.com under API and set PUBLORA_API_KEY, "
        "or pass api_key=..."
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout": 0}, "timeout must be above 0 seconds and finite, not 0"),
        ({"timeout": float("nan")}, "timeout must be above 0 seconds and finite, not nan"),
        ({"timeout": 10**400}, "timeout must be above 0 seconds and finite"),
        ({"timeout": None}, "timeout must be a number of seconds, not None"),
        ({"timeout": True}, "timeout must be a number of seconds, not True"),
        ({"timeout": "30"}, "timeout must be a number of seconds, not '30'"),
        ({"deadline": 0}, "deadline must be above 0 seconds and finite, not 0"),
        ({"deadline": -1}, "deadline must be above 0 seconds and finite, not -1"),
        ({"deadline": float("inf")}, "deadline must be above 0 seconds and finite, not inf"),
        ({"deadline": "120"}, "deadline must be a number of seconds, not '120'"),
        ({"max_retries": -1}, "max_retries must be a whole number, 0 or more, not -1"),
        ({"max_retries": True}, "max_retries must be a whole number, 0 or more, not True"),
        ({"max_retries": 1.0}, "max_retries must be a whole number, 0 or more, not 1.0"),
        ({"max_connections": 0}, "max_connections must be a whole number, 1 or more, not 0"),
        ({"max_connections": "9"}, "max_connections must be a whole number, 1 or more, not '9'"),
    ],
)
def test_a_bad_option_is_named(changes: dict[str, object], message: str) -> None:
    assert refused(lambda: options(**changes)).startswith(message)


def test_a_timeout_is_a_number_or_its_parts() -> None:
    parts = Timeouts(total=5, connect=1.5, read=0.001)
    assert options(timeout=5).timeout == Timeouts(total=5)
    assert options(timeout=parts).timeout == parts
    assert options(deadline=None).deadline is None


@pytest.mark.parametrize("refused", ["no", 0, 1, None])
def test_whether_to_be_strict_is_said_by_true_or_false(refused: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^strict must be True or False, not "):
        options(strict=refused)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The SDK's logger, as it is when it is imported."""
    logger = logging.getLogger("publora_async")
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    level = logger.level
    logger.setLevel(logging.NOTSET)
    yield logger
    logger.setLevel(level)


def test_a_level_in_the_environment_shows_the_log_on_stderr_once(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLORA_LOG", "Debug")
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [])  # pytest's own
        show_log()
        show_log()
        log.debug("seen")
    assert capsys.readouterr().err.rstrip().endswith("DEBUG publora_async: seen")
    assert len(log.handlers) == 2


def test_a_program_that_shows_its_log_itself_is_given_the_level_only(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLORA_LOG", "info")
    with monkeypatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler()])
        show_log()
    assert (log.level, len(log.handlers)) == (logging.INFO, 1)


def test_without_a_level_nothing_is_set_and_a_wrong_one_is_refused(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_log()
    assert (log.level, len(log.handlers)) == (logging.NOTSET, 1)
    monkeypatch.setenv("PUBLORA_LOG", "loud")
    assert refused(show_log) == "PUBLORA_LOG must be one of debug, info, warning, error"
