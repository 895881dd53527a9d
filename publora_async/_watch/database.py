"""The file of a watch, as a database of SQLite: opened, locked, checked and migrated."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from publora_async.errors import StateFileError

__all__ = ["MIGRATIONS", "check", "connected", "locked", "migrate", "usable"]

MIGRATIONS: Final = (
    """
    CREATE TABLE users (
        user TEXT PRIMARY KEY, missing INTEGER DEFAULT 0,
        accounts BLOB, again REAL DEFAULT 0, unknown REAL, why TEXT
    ) WITHOUT ROWID;
    CREATE INDEX again ON users (again);
    CREATE INDEX unknown ON users (unknown) WHERE unknown IS NOT NULL;
    CREATE TABLE events (
        number INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT NOT NULL, acknowledged REAL
    );
    CREATE INDEX undelivered ON events (number) WHERE acknowledged IS NULL;
    CREATE TABLE rounds (ended REAL, users INTEGER);
    INSERT INTO rounds VALUES (NULL, 0);
    """,
)
"""What makes a file of each version one of the next, beginning with an empty file."""

_BEFORE_FIRST = 0x50554200
"""The number of no version, "PUB": by those that follow a file is known to be a watch's."""


@contextmanager
def usable(path: str) -> Iterator[None]:
    """
    Say in a sentence what is wrong with the file, if something is while entered.

    Raises:
        StateFileError: It is broken or full, cannot be read or written, of a newer version, or no
            watch's.
    """
    try:
        yield
    except (OSError, sqlite3.Error, ValueError, zlib.error) as error:
        raise StateFileError(
            f"the watch's state in {path!r} cannot be used: {error}; what is in it is kept: "
            "restore it if it is broken, or name another file"
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
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise StateFileError(
            f"another watch has {path!r}: stop it first, or name another file"
        ) from None
    return lock


def connected(path: str, *, only_read: bool) -> sqlite3.Connection:
    """Connect to the file, whatever is in it."""
    address = f"{Path(path).absolute().as_uri()}?mode=ro" if only_read else path
    return sqlite3.connect(address, uri=only_read, isolation_level="IMMEDIATE")


def check(database: sqlite3.Connection) -> int:
    """
    Check whose file it is; give its version.

    Raises:
        ValueError: It is no watch's, or of a newer version.
        sqlite3.Error: It is broken, or cannot be read.
    """
    (number,) = database.execute("PRAGMA user_version").fetchone()
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    version = int(number) - _BEFORE_FIRST if pages else 0
    if not 0 <= version < 256:  # the last byte of the number
        raise ValueError("another program made it")
    if version > len(MIGRATIONS):
        raise ValueError("it is of a newer version of the SDK: update it")
    return version


def migrate(database: sqlite3.Connection, version: int) -> None:
    """
    Check the file as a whole, and bring it from a version to this one.

    Raises:
        ValueError: It is broken.
        sqlite3.Error: The same, or it cannot be written.
    """
    database.execute("PRAGMA synchronous = FULL")
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise ValueError(found)
    for number, migration in enumerate(MIGRATIONS[version:], _BEFORE_FIRST + version + 1):
        database.executescript(f"BEGIN; {migration}; PRAGMA user_version = {number}; COMMIT;")
    # Not before: it writes to a new file, which would be taken for another program's.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TEMP TABLE listed (user TEXT PRIMARY KEY) WITHOUT ROWID")
