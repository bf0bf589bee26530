"""The cache directory: what is fetched or trained once is kept here, whole or not at all.

It is the directory the environment variable `SCRATCHLM_CACHE` names, else the user's cache
directory. Every file in it is written in a workspace beside its place and moved there in one
step, so no reader ever sees half a file; whoever writes holds a lock, so two processes that need
the same file make it once.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock

CHUNK = 1 << 20  # bytes read at a time
NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class DataError(RuntimeError):
    """Data or the cache cannot be used; the message is one sentence: what, why, what to do."""


def location() -> Path:
    """Return the cache directory; it need not exist yet."""
    named = os.environ.get("SCRATCHLM_CACHE")
    return Path(named or platformdirs.user_cache_dir("scratchlm")).expanduser().absolute()


def trouble(reason: str, number: int | None = None) -> DataError:
    """Return the error for a cache that cannot be used; `number` is the system's errno."""
    remedy = (
        "free some room there, or"
        if number in NO_ROOM
        else "let it be a directory that you can write to, or"
    )
    return DataError(
        f"The cache directory {location()} cannot be used ({reason}): {remedy} set the "
        "environment variable SCRATCHLM_CACHE to another directory."
    )


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Turn an error of the file system into a `DataError`."""
    try:
        yield
    except OSError as error:
        raise trouble(error.strerror or str(error), error.errno) from None


def folder(kind: str) -> Path:
    """Return the cache's directory for `kind` of files, made if need be; DataError if it cannot."""
    path = location() / kind
    with in_one_sentence():
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock called `name`: one process at a time, the others wait."""
    with in_one_sentence():
        lock = FileLock(folder("locks") / f"{name}.lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def workspace(name: str) -> Iterator[Path]:
    """Yield an empty directory in the cache, removed at the end. To be used under the lock `name`.

    What a process that was killed left in its workspace for `name` is removed first.
    """
    parent = folder("work")
    for abandoned in parent.glob(f"{name}--*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with in_one_sentence():
        path = Path(tempfile.mkdtemp(prefix=f"{name}--", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with in_one_sentence(), path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
