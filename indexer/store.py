"""The SQLite database of one index: the one source of truth, from which every other file can be rebuilt."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from indexer.connection import connect, connect_somehow
from indexer.errors import StoreError, first_line
from indexer.records import FileRecord, FunctionRow, Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from indexer.records import NewFunction

DATABASE = "index.db"

_MARKS = {"CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n", ".gitignore": "*\n"}
"""The first is what https://bford.info/cachedir asks for."""

_IDS_AT_ONCE = 500

# So many unused vectors are always kept (20 MB of them at 256 dimensions), for the branch that is switched back to.
_VECTORS_KEPT = 20_000


_ROW = (
    "functions.id, file_id, files.path, coalesce(files.language, ''), kind, functions.name, qualified_name, "
    "start_line, end_line, signature, docstring, text"
)


class Store:
    """One open index database. Any number of readers may be open beside one writer."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Store:
        """Open the database in ``folder``.

        Raises:
            StoreError: there is none, it cannot be read, or a newer version wrote it.
        """
        path = folder / DATABASE
        try:
            if not create and not path.exists():
                raise StoreError(f"no index in {folder}: run `codesearch index` first")
            if create:
                folder.mkdir(parents=True, exist_ok=True)
                _mark_as_cache(folder)
            connection = connect(path) if create else connect_somehow(path)
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"cannot open the index in {folder}: {reason}") from error
        return cls(connection, folder)

    def close(self) -> None:
        """Close the connection; the last one to close folds the write-ahead log into the database."""
        self.connection.close()

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close the connection where what is done within fails."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Raises StoreError for whatever SQLite meets within: a damaged database, a disk that cannot be read."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot read the index in {self.folder} ({first_line(error)}): run `codesearch index --rebuild`"
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; raises StoreError when the disk is full or the folder cannot be written."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()
        except sqlite3.Error as error:
            raise StoreError(f"cannot write the index in {self.folder}: {error}") from error

    # What is remembered beside files and functions

    def meta(self, key: str) -> str | None:
        """One remembered value, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def repository(self) -> Repository | None:
        """The indexed root, or None before the first run."""
        row = self.connection.execute(
            'SELECT name, root, url, ref, "commit", indexed_at FROM repositories WHERE id = 1'
        ).fetchone()
        return Repository(*row) if row else None

    def set_repository(self, repository: Repository) -> None:
        """Record the indexed root."""
        self.connection.execute(
            'INSERT INTO repositories (id, name, root, url, ref, "commit", indexed_at) VALUES (1, ?, ?, ?, ?, ?, ?) '
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, root = excluded.root, url = excluded.url, "
            'ref = excluded.ref, "commit" = excluded."commit", '
            "indexed_at = coalesce(excluded.indexed_at, indexed_at)",
            (
                repository.name,
                repository.root,
                repository.url,
                repository.ref,
                repository.commit,
                repository.indexed_at,
            ),
        )

    def has_files_below(self, path: str) -> bool:
        """Whether a file that was read lies below a path or is it."""
        found = self.connection.execute(
            "SELECT 1 FROM files WHERE skipped IS NULL AND (path = ? OR substr(path, 1, ?) = ?) LIMIT 1",
            (path, len(path) + 1, f"{path}/"),
        )
        return found.fetchone() is not None

    def mark_complete(self) -> None:
        """Record that everything the crawl found is indexed as of now."""
        self.connection.execute("UPDATE repositories SET indexed_at = ? WHERE id = 1", (time.time(),))

    # Files

    def files(self) -> dict[str, FileRecord]:
        """Every remembered file by its path."""
        rows = self.connection.execute(
            "SELECT path, size, mtime_ns, inode, digest, language, skipped, id FROM files WHERE repository_id = 1"
        )
        return {row[0]: FileRecord._make(row) for row in rows}

    def delete_files(self, ids: Iterable[int]) -> None:
        """Forget files and their functions; their vectors stay for when they come back."""
        self.connection.executemany("DELETE FROM files WHERE id = ?", ((i,) for i in ids))

    def distrust_files(self) -> None:
        """Have every file read again, however often that is interrupted: no file has this inode."""
        self.connection.execute("UPDATE files SET inode = -1")

    def replace_file(self, file: FileRecord, functions: Sequence[NewFunction]) -> None:
        """Record a file and what was extracted from it.

        A function whose content did not change keeps its row and id, so that the derived indexes are told only of
        what is new.
        """
        file_id = self._upsert_file(file)
        # The docstring is part of the key since the words of one that stands above its function are not in the digest
        # where its first line is in the text too.
        kept: dict[tuple[bytes, str], list[int]] = {}
        if file.id:
            for row_id, digest, docstring in self.connection.execute(
                "SELECT id, digest, docstring FROM functions WHERE file_id = ? ORDER BY id DESC", (file_id,)
            ):
                kept.setdefault((digest, docstring), []).append(row_id)
        moved, new = [], []
        next_id = self._last_function_id() + 1
        profiles = []
        for function in functions:
            *values, profile = function
            rows = kept.get((function.digest, function.docstring))
            if rows:
                function_id = rows.pop()
                moved.append((*values, function_id))
            else:
                function_id, next_id = next_id, next_id + 1
                new.append((function_id, file_id, *values))
            profiles.append((function_id, file_id, profile))
        self.connection.executemany(
            "DELETE FROM functions WHERE id = ?", ((i,) for rows in kept.values() for i in rows)
        )
        self.connection.executemany(
            "UPDATE functions SET kind = ?, name = ?, qualified_name = ?, start_line = ?, end_line = ?, "
            "signature = ?, docstring = ?, text = ?, digest = ? WHERE id = ?",
            moved,
        )
        self.connection.executemany(
            "INSERT INTO functions (id, file_id, kind, name, qualified_name, start_line, end_line, signature, "
            "docstring, text, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            new,
        )
        self.connection.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?, ?)", profiles)

    def _last_function_id(self) -> int:
        """The highest id that a function ever had."""
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'functions'").fetchone()
        return int(row[0]) if row else 0

    def _upsert_file(self, file: FileRecord) -> int:
        values = (file.size, file.mtime_ns, file.inode, file.digest, file.language, file.skipped)
        if file.id:
            self.connection.execute(
                "UPDATE files SET size = ?, mtime_ns = ?, inode = ?, digest = ?, language = ?, skipped = ? "
                "WHERE id = ?",
                (*values, file.id),
            )
            return file.id
        cursor = self.connection.execute(
            "INSERT INTO files (repository_id, path, size, mtime_ns, inode, digest, language, skipped) "
            "VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            (file.path, *values),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    # Functions

    def count(self, table: str) -> int:
        """Number of rows of ``files``, ``functions`` or ``vectors``."""
        return int(self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def count_indexed_files(self) -> int:
        """Number of files that were read and not skipped."""
        return int(self.connection.execute("SELECT count(*) FROM files WHERE skipped IS NULL").fetchone()[0])

    def function_rows(self, ids: Sequence[int]) -> dict[int, FunctionRow]:
        """The functions of these ids; ids that are gone are left out."""
        select = f"SELECT {_ROW} FROM functions JOIN files ON files.id = file_id WHERE functions.id IN"
        return {row[0]: FunctionRow._make(row) for row in self._rows_of(select, ids)}

    def _rows_of(self, select: str, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """What a query that ends in ``IN`` gives for these ids; SQLite takes only so many at once."""
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            yield from self.connection.execute(f"{select} ({','.join('?' * len(some))})", some)

    def ids_by_path(self) -> Iterator[int]:
        """Ids of all functions in the order of their files and lines."""
        rows = self.connection.execute(
            "SELECT functions.id FROM functions JOIN files ON files.id = file_id ORDER BY path, start_line"
        )
        return (row[0] for row in rows)

    def profiles(self, ids: Sequence[int]) -> list[tuple[int, int, bytes]]:
        """Rows ``(function id, file id, packed profile)`` of those of these functions that exist."""
        return list(self._rows_of("SELECT * FROM profiles WHERE function_id IN", ids))

    def all_profiles(self) -> list[tuple[int, int, bytes]]:
        """The same of every function."""
        return self.connection.execute("SELECT * FROM profiles").fetchall()

    def file_sizes(self, ids: Sequence[int]) -> list[tuple[int, str, int]]:
        """Rows ``(file id, path, size in bytes)`` of those of these files that exist."""
        return list(self._rows_of("SELECT id, path, size FROM files WHERE id IN", ids))

    def functions_after(self, last_id: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows ``(id, file_id, path, name, qualified_name, docstring, text)`` with an id above ``last_id``."""
        return self.connection.execute(
            "SELECT functions.id, file_id, files.path, functions.name, qualified_name, docstring, text "
            "FROM functions JOIN files ON files.id = file_id WHERE functions.id > ? ORDER BY functions.id LIMIT ?",
            (last_id, limit),
        ).fetchall()

    # Vectors

    def encoder_id(self, name: str) -> int:
        """The number under which this encoder's vectors are kept, 0 if there are none."""
        row = self.connection.execute("SELECT id FROM encoders WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def add_encoder(self, name: str, dim: int) -> int:
        """The number under which this encoder's vectors are to be kept."""
        self.connection.execute("INSERT OR IGNORE INTO encoders (name, dim) VALUES (?, ?)", (name, dim))
        return self.encoder_id(name)

    def unencoded(self, encoder_id: int, last_id: int, limit: int) -> list[tuple[Any, ...]]:
        """Rows ``(id, digest, qualified_name, docstring, text)`` after ``last_id`` without a vector."""
        return self.connection.execute(
            "SELECT id, functions.digest, qualified_name, docstring, text FROM functions "
            "WHERE id > ? AND NOT EXISTS (SELECT 1 FROM vectors WHERE encoder_id = ? "
            "AND vectors.digest = functions.digest) ORDER BY id LIMIT ?",
            (last_id, encoder_id, limit),
        ).fetchall()

    def count_unencoded(self, encoder_id: int) -> int:
        """Number of functions without a vector of this encoder."""
        return int(
            self.connection.execute(
                "SELECT count(*) FROM functions WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE encoder_id = ? "
                "AND vectors.digest = functions.digest)",
                (encoder_id,),
            ).fetchone()[0]
        )

    def add_vectors(self, encoder_id: int, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep vectors by content digest; see ``indexer.vectors`` for their bytes."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO vectors (encoder_id, digest, vector) VALUES (?, ?, ?)",
            ((encoder_id, digest, vector) for digest, vector in rows),
        )

    def vectors_after(self, encoder_id: int, last_id: int) -> Iterator[tuple[int, bytes]]:
        """``(function id, vector bytes)`` of every encoded function with an id above ``last_id``, by id."""
        return self.connection.execute(
            "SELECT functions.id, vector FROM functions JOIN vectors "
            "ON encoder_id = ? AND vectors.digest = functions.digest WHERE functions.id > ? ORDER BY functions.id",
            (encoder_id, last_id),
        )

    def drop_unused_vectors(self) -> None:
        """Delete vectors that no function uses, once they are more than the used ones and worth the trouble."""
        if self.count("vectors") > 2 * max(_VECTORS_KEPT, self.count("functions")) * max(1, self.count("encoders")):
            self.connection.execute("DELETE FROM vectors WHERE digest NOT IN (SELECT digest FROM functions)")

    # Derived indexes

    def derived(self, name: str) -> tuple[int, int, str] | None:
        """``(last_id, rows, seal)`` of a derived index, or None if it is to be built."""
        row = self.connection.execute("SELECT last_id, rows, seal FROM derived WHERE name = ?", (name,)).fetchone()
        return (int(row[0]), int(row[1]), str(row[2])) if row else None

    def set_derived(self, name: str, last_id: int, rows: int, seal: str) -> None:
        """Record up to which function a derived index goes and what its files look like."""
        self.connection.execute("INSERT OR REPLACE INTO derived VALUES (?, ?, ?, ?)", (name, last_id, rows, seal))

    def drop_derived(self, prefix: str) -> None:
        """Have every derived index whose name begins so built anew."""
        self.connection.execute("DELETE FROM derived WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))

    def gone(self, name: str, up_to: int) -> list[int]:
        """Deleted functions with an id up to this one that the derived indexes of this name may still hold."""
        rows = self.connection.execute(
            "SELECT function_id FROM gone WHERE derived = ? AND function_id <= ?", (name, up_to)
        )
        return [row[0] for row in rows]

    def forget_gone(self, name: str) -> None:
        """Record that the derived indexes of this name hold no deleted function."""
        self.connection.execute("DELETE FROM gone WHERE derived = ?", (name,))

    def count_after(self, last_id: int) -> int:
        """Number of functions with an id above ``last_id``."""
        return int(self.connection.execute("SELECT count(*) FROM functions WHERE id > ?", (last_id,)).fetchone()[0])

    def last_id(self) -> int:
        """The highest function id."""
        return int(self.connection.execute("SELECT coalesce(max(id), 0) FROM functions").fetchone()[0])


def _mark_as_cache(folder: Path) -> None:
    """Tell git, backups and crawlers that nothing here is source, wherever the user wants indexes to be."""
    for name, text in _MARKS.items():
        mark = folder / name
        if not mark.exists():
            mark.write_text(text, "utf-8")


def was_completed(folder: Path) -> bool:
    """Whether an index was ever brought up to date to the end; one that cannot be read may have been."""
    try:
        with contextlib.closing(Store.open(folder)) as store:
            repository = store.repository()
    except (StoreError, sqlite3.Error):
        return True
    return repository is not None and repository.indexed_at is not None
