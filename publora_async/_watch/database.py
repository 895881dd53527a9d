"""The file of a watch, as a database of SQLite: opened, locked, checked and migrated."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from publora_async.errors import StateFileError

__all__ = ["MIGRATIONS", "locked", "opened", "usable"]

MIGRATIONS: Final = (
    """
    CREATE TABLE users (
        user TEXT PRIMARY KEY, accounts BLOB, again REAL, unknown REAL, why TEXT
    ) WITHOUT ROWID;
    CREATE INDEX again ON users (again) WHERE again IS NOT NULL;
    CREATE INDEX unknown ON users (unknown) WHERE unknown IS NOT NULL;
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT NOT NULL, acknowledged REAL
    );
    CREATE INDEX undelivered ON events (number) WHERE acknowledged IS NULL;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value REAL) WITHOUT ROWID;
    """,
)
"""What makes a file of each version one of the next, beginning with an empty file."""

_APPLICATION = 0x50554254  # "PUBT", by which a file is known to be a watch's


@contextmanager
def usable(path: str) -> Iterator[None]:
    """
    Say in a sentence what is wrong with the file, if something is while entered.

    Raises:
        StateFileError: It is broken or full, cannot be written, or is no watch's.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise StateFileError(
            f"the watch's state in {path!r} cannot be used: {error}; what is in it is kept"
        ) from error
    except (sqlite3.Error, ValueError, zlib.error) as error:
        raise StateFileError(
            f"the watch's state in {path!r} is broken, or is no such file: {error}; restore it, "
            "or name another one"
        ) from error


def locked(path: str) -> sqlite3.Connection:
    """
    Keep other watches from the file, as long as what is given is open; from memory nobody is kept.

    Raises:
        StateFileError: Another watch has it.
        OSError: It cannot be made.
        sqlite3.Error: The same.
    """
    if path == ":memory:":
        return sqlite3.connect(path)
    path = os.path.realpath(path)  # by whatever name it goes
    # SQLite's own files beside it have the mode of this one. One that exists is not opened: to
    # close it again would be to give up the locks that another watch of this process has on it.
    for name in (path, f"{path}-lock"):
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    # The lock of another file: the state itself must stay readable. The system gives it up with
    # the process, however that ends.
    lock = sqlite3.connect(f"{path}-lock", timeout=0, isolation_level=None)
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise StateFileError(
            f"another watch has {path!r}: stop it first, or name another file"
        ) from None
    return lock


def opened(path: str, *, only_read: bool) -> sqlite3.Connection:
    """
    Open the file, in the form of this version.

    Raises:
        StateFileError: It is of a newer version.
        ValueError: It is broken, or no watch's.
        sqlite3.Error: The same, or it cannot be read.
    """
    if only_read:
        address = f"{Path(path).absolute().as_uri()}?mode=ro"
        database = sqlite3.connect(address, uri=True, isolation_level=None)
    else:
        database = sqlite3.connect(path, isolation_level=None)
    try:
        version = _checked_version(database, path)
        if not only_read:
            _prepare(database, version)
    except BaseException:
        database.close()
        raise
    return database


def _checked_version(database: sqlite3.Connection, path: str) -> int:
    version, application, pages = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("user_version", "application_id", "page_count")
    )
    if pages and application != _APPLICATION:
        raise ValueError("another program made it")
    if version > len(MIGRATIONS):
        raise StateFileError(f"{path!r} is of a newer version of the SDK: update it")
    return version


def _prepare(database: sqlite3.Connection, version: int) -> None:
    database.execute("PRAGMA synchronous = FULL")
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise ValueError(found)
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        database.executescript(
            f"BEGIN; {migration}; PRAGMA application_id = {_APPLICATION}; "
            f"PRAGMA user_version = {number}; COMMIT;"
        )
    # Not before: it writes to a new file, which would be taken for another program's.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TEMP TABLE listed (user TEXT PRIMARY KEY) WITHOUT ROWID")
