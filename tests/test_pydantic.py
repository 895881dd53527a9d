"""Records and lists are fields of pydantic's models, and are returned from FastAPI."""

import json
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import attrs
import fastapi
import pydantic
import pytest

import publora_async
from publora_async import (
    AttachedUser,
    ClientStats,
    Connection,
    ConnectionLink,
    ConnectionList,
    ConnectionTest,
    LastError,
    ManagedUser,
    ManagedUserKey,
    PubloraError,
    Seen,
    ServerError,
    Snapshot,
    Timeouts,
    UserConnections,
    UserConnectionsList,
    UserFailed,
    UserSucceeded,
)

DATE = datetime(2026, 10, 8, 15, 30, tzinfo=UTC)
ACCOUNT = Connection(
    platform_id="telegram--100",
    username="@you",
    access_token_expires_at=DATE,
    token_status="expired",
    last_error=LastError(message="Gone", occurred_at=DATE, extra={"id": 1}),
    extra={"boards": [1, {"name": None}]},
)
JSON_ACCOUNT = {
    "platform_id": "telegram--100",
    "username": "@you",
    "display_name": None,
    "profile_image_url": None,
    "access_token_expires_at": "2026-10-08T15:30:00Z",
    "profile_url": None,
    "token_status": "expired",
    "token_expires_in": None,
    "last_successful_post": None,
    "last_error": {
        "message": "Gone",
        "occurred_at": "2026-10-08T15:30:00Z",
        "extra": {"id": 1},
    },
    "subscription_type": None,
    "extra": {"boards": [1, {"name": None}]},
    "platform": "telegram",
    "account_id": "-100",
    "status": "expired",
    "status_source": "service",
    "needs_reconnect": True,
}
USER = ManagedUser(id="u", email="zoe@example.com", connections_page_url="https://a.example/c/1")
SUCCEEDED = UserSucceeded("u", ConnectionList([ACCOUNT]), USER)
FAILED = UserFailed("v", ServerError(503, "Service Unavailable"))
RECORDS = [
    ACCOUNT,
    ConnectionList([ACCOUNT]),
    ConnectionTest(platform_id="a-1", status="ok", permissions=("post",), last_error=LastError()),
    AttachedUser(user=ManagedUser(id="u"), already_in_workspace=True),
    ConnectionLink(url="https://a.example/c/1", token_expires_at=DATE),
    ClientStats(100, 1, 0, 486, "open", 3, 1, 4, 2),
    USER,
    SUCCEEDED,
    UserConnectionsList([SUCCEEDED]),
]


class Report(pydantic.BaseModel):
    """What a program of its own may make of records."""

    account: Connection
    accounts: ConnectionList = ConnectionList()
    users: UserConnectionsList = UserConnectionsList()


def test_a_record_is_an_object_of_its_fields_and_of_what_follows_from_them() -> None:
    report = Report(account=ACCOUNT, accounts=ConnectionList([ACCOUNT]))
    assert json.loads(report.model_dump_json()) == {
        "account": JSON_ACCOUNT,
        "accounts": [JSON_ACCOUNT],
        "users": [],
    }
    assert report.account is ACCOUNT
    assert report.model_dump()["account"]["access_token_expires_at"] == DATE


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_what_was_written_is_read_again(record: object) -> None:
    adapter = pydantic.TypeAdapter(type(record))
    assert adapter.validate_python(record) is record
    assert adapter.validate_json(adapter.dump_json(record)) == record
    assert adapter.validate_python(adapter.dump_python(record)) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_each_has_a_json_schema(mode: str, record: object) -> None:
    schema = pydantic.TypeAdapter(type(record)).json_schema(mode=mode)
    assert {"$ref", "items", "properties"} & schema.keys()


def test_the_schema_offers_what_is_known_and_takes_any_text() -> None:
    schema = pydantic.TypeAdapter(Connection).json_schema(mode="serialization")
    known, anything = schema["properties"]["status"]["anyOf"]
    assert known["enum"] == ["valid", "expiring_soon", "expired", "unknown"]
    assert anything == {"type": "string"}
    assert set(JSON_ACCOUNT) == set(schema["required"])


def test_a_result_is_read_as_the_kind_that_it_was_and_an_error_as_its_text() -> None:
    adapter = pydantic.TypeAdapter(UserConnections)
    assert json.loads(adapter.dump_json(FAILED)) == {
        "user_id": "v",
        "error": "HTTP 503: Service Unavailable",
        "user": None,
        "connections": None,
    }
    assert json.loads(adapter.dump_json(SUCCEEDED))["error"] is None
    assert adapter.validate_json(adapter.dump_json(SUCCEEDED)) == SUCCEEDED
    assert adapter.validate_json(adapter.dump_json(FAILED)) == UserFailed(
        "v", PubloraError("HTTP 503: Service Unavailable")
    )
    answers: UserConnectionsList = UserConnectionsList([SUCCEEDED, FAILED])
    assert Report(account=ACCOUNT, users=answers).users is answers


def test_every_record_and_list_is_for_pydantic_but_those_that_are_named() -> None:
    exported = [getattr(publora_async, name) for name in publora_async.__all__]
    kinds = {kind for kind in exported if isinstance(kind, type) and attrs.has(kind)}
    plain = {kind for kind in kinds if not hasattr(kind, "__get_pydantic_core_schema__")}
    assert plain == {
        ManagedUserKey,  # a secret, which nobody should write out without meaning to
        Seen,  # as a snapshot, which has a form of its own to be saved in
        Snapshot,
        Timeouts,  # settings
    }


def test_what_is_wrong_is_a_validation_error() -> None:
    with pytest.raises(pydantic.ValidationError, match="must have a time zone"):
        Report.model_validate(
            {"account": {"platform_id": "a-1", "access_token_expires_at": "2026-10-08T15:30:00"}}
        )
    with pytest.raises(pydantic.ValidationError, match="platform_id"):
        Report.model_validate_json('{"account": {}}')
    with pytest.raises(pydantic.ValidationError, match="a ServerError is more than its text"):
        pydantic.TypeAdapter(ServerError).validate_python("HTTP 503")


def application() -> fastapi.FastAPI:
    app = fastapi.FastAPI()

    @app.get("/account")
    def account() -> Connection:
        return ACCOUNT

    @app.get("/accounts")
    async def accounts() -> ConnectionList:
        return ConnectionList([ACCOUNT])

    @app.get("/users")
    async def users() -> UserConnectionsList:
        return UserConnectionsList[UserConnections]([SUCCEEDED, FAILED])

    @app.post("/report")
    async def report(report: Report) -> Report:
        return report

    return app


async def asked(method: str, path: str, body: bytes = b"") -> Any:  # noqa: ANN401  # JSON
    """Put a request to the application, as a server would, and read its JSON."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await application()(scope, receive, send)
    start, *rest = sent
    assert start["status"] == 200
    return json.loads(b"".join(message["body"] for message in rest))


async def test_records_and_lists_are_returned_from_fastapi() -> None:
    assert await asked("GET", "/account") == JSON_ACCOUNT
    assert await asked("GET", "/accounts") == [JSON_ACCOUNT]
    succeeded, failed = await asked("GET", "/users")
    assert (succeeded["user"]["email"], succeeded["connections"]) == (USER.email, [JSON_ACCOUNT])
    assert (failed["user_id"], failed["error"]) == ("v", "HTTP 503: Service Unavailable")


async def test_fastapi_reads_what_it_has_returned() -> None:
    report = {"account": JSON_ACCOUNT, "accounts": [JSON_ACCOUNT], "users": []}
    assert await asked("POST", "/report", json.dumps(report).encode()) == report


def test_fastapi_describes_what_it_returns() -> None:
    paths = application().openapi()["paths"]
    content = paths["/accounts"]["get"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"]["items"]["$ref"] == (
        "#/components/schemas/Connection-Output"
    )
