"""The file of a watch: whose it is, who else has it, what is wrong with it."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from capabilities import needs_owners

from publora_async import StateFileError
from publora_async._watch import database
from publora_async._watch.database import MIGRATIONS, check, connected, locked, migrate, usable


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "accounts.db")


def opened(path: str, *, only_read: bool = False) -> sqlite3.Connection:
    database = connected(path, only_read=only_read)
    try:
        version = check(database)
        if not only_read:
            migrate(database, version)
    except BaseException:
        database.close()
        raise
    return database


def make(path: str) -> None:
    opened(path).close()


@needs_owners
def test_a_new_file_is_for_its_owner_only(path: str) -> None:
    lock = locked(path)
    state = opened(path)
    assert lock is not None
    state.execute("UPDATE rounds SET users = 1")
    files = {f"{path}{end}" for end in ("", "-lock", "-wal", "-shm")}
    assert {str(one) for one in Path(path).parent.iterdir()} == files
    assert {stat.S_IMODE(os.stat(one).st_mode) for one in files} == {0o600}  # noqa: PTH116
    state.close()
    lock.close()


def test_another_watch_is_kept_from_it_also_one_of_another_process(path: str) -> None:
    lock = locked(path)
    assert lock is not None
    with pytest.raises(StateFileError, match=r"another watch has .*accounts.db': stop it first"):
        locked(path)
    code = f"from publora_async._watch.database import locked; locked({path!r})"
    other = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=False)
    assert b"StateFileError: another watch has" in other.stderr
    lock.close()
    locked(path).close()


def test_a_lock_that_cannot_be_used_is_not_taken_for_another_watch(path: str) -> None:
    Path(f"{path}-lock").write_bytes(b"no database" * 100)
    with (
        pytest.raises(StateFileError, match="cannot be used: file is not a database"),
        usable(path),
    ):
        locked(path)


def test_what_is_only_in_memory_is_kept_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for lock in (locked(":memory:"), locked(":memory:")):
        lock.close()
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_read_beside_the_watch_that_has_it(path: str) -> None:
    lock, state = locked(path), opened(path)
    with state:
        state.execute("UPDATE rounds SET users = 1")
    reader = opened(path, only_read=True)
    assert reader.execute("SELECT * FROM rounds").fetchall() == [(None, 1)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("UPDATE rounds SET users = 2")
    for one in (reader, state, lock):
        assert one is not None
        one.close()


def complaint(path: str, *, only_read: bool = False) -> str:
    with pytest.raises(StateFileError) as caught, usable(path):
        opened(path, only_read=only_read)
    return str(caught.value)


def test_a_file_that_does_not_exist_cannot_be_read(path: str) -> None:
    assert "cannot be used: unable to open database file" in complaint(path, only_read=True)


def test_a_broken_file_is_told_of_and_left_as_it_is(path: str) -> None:
    make(path)
    whole = Path(path).read_bytes()
    for broken in (b"not a database at all" * 50, whole[:100] + b"\xff" * (len(whole) - 100)):
        Path(path).write_bytes(broken)
        assert "cannot be used: " in complaint(path)
        assert Path(path).read_bytes() == broken


def test_a_file_that_is_broken_inside_is_told_of(path: str) -> None:
    make(path)
    state = sqlite3.connect(path)
    state.execute("PRAGMA writable_schema = ON")
    state.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'undelivered'")
    state.commit()
    state.close()
    assert "cannot be used: *** in database main ***" in complaint(path)


def test_another_programs_database_is_told_of(path: str) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (a)")
    other.close()
    assert "another program made it" in complaint(path)


def test_a_file_of_a_newer_version_is_told_of(path: str) -> None:
    make(path)
    newer = sqlite3.connect(path)
    (version,) = newer.execute("PRAGMA user_version").fetchone()
    newer.execute(f"PRAGMA user_version = {version + 1}")
    newer.close()
    assert "is of a newer version of the SDK: update it" in complaint(path)


def test_a_file_of_an_older_version_is_brought_to_this_one(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path)
    state = sqlite3.connect(path)
    state.execute("UPDATE rounds SET users = 1")
    state.commit()
    state.close()
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "ALTER TABLE rounds ADD COLUMN b"))
    for _ in range(2):
        state = opened(path)
        assert state.execute("SELECT * FROM rounds").fetchall() == [(None, 1, None)]
        assert check(state) == 2
        state.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path)
    wrong = "ALTER TABLE rounds ADD COLUMN b; ALTER TABLE nobody ADD COLUMN c"
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, wrong))
    assert "no such table: nobody" in complaint(path)
    monkeypatch.undo()
    state = opened(path)
    assert state.execute("SELECT * FROM rounds").fetchall() == [(None, 0)]
    state.close()


def test_what_the_system_says_is_told_in_a_sentence(path: str) -> None:
    said = "cannot be used: No space left; what is in it is kept"
    with pytest.raises(StateFileError, match=said), usable(path):
        raise sqlite3.OperationalError("No space left")
    said = r"cannot be used: .*No such file or directory"
    with pytest.raises(StateFileError, match=said), usable(path):
        locked(f"{path}/no/such/folder")
