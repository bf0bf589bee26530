"""The site as it is deployed: the latest version at the top, released ones below it, each in a
folder with its name, and the list that the switch between them reads.
"""

import json
import re
import shutil
import tarfile
from pathlib import Path

from book import BookError
from book.repository import VERSION

LIST = "versions.json"
ASSET = "site.tar.gz"  # what a release keeps of its site


def pack(site: Path, archive: Path) -> Path:
    """Pack a built site for its release, the same bytes whenever its files are the same."""
    if not (site / "index.html").is_file():
        raise BookError(f"There is no site in {site}; run `make book` first.")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as packed:
        for path in sorted(site.rglob("*")):
            if path.is_file():
                packed.add(path, path.relative_to(site).as_posix())
    return archive


def lay_out(latest: Path, releases: Path, out: Path) -> list[dict]:
    """Write what is deployed into `out` and return the list of versions, the newest first.

    `releases` holds a folder for each version, named after it, with the site that `pack` packed.
    """
    if not (latest / "index.html").is_file():
        raise BookError(f"There is no site in {latest}; run `make book` first.")
    names = sorted((path.name for path in _folders(releases)), key=order, reverse=True)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(latest, out)
    for name in names:
        if not VERSION.fullmatch(name) or (out / name).exists():
            raise BookError(f"{releases / name}: {name!r} cannot be a version; name it like v1.0.")
        _unpack(releases / name / ASSET, out / name)
    listed = [{"name": "latest", "path": ""}, *({"name": n, "path": n} for n in names)]
    (out / LIST).write_text(json.dumps(listed) + "\n", encoding="utf-8")
    return listed


def order(name: str) -> tuple:
    """Return what sorts versions: numbers as numbers, and v1.0 after v1.0rc1."""
    numbers, rest = re.fullmatch(r"v?([\d.]*)(.*)", name).groups()
    return [int(number) for number in numbers.split(".") if number], not rest, rest


def _folders(releases: Path) -> list[Path]:
    return [path for path in releases.iterdir() if path.is_dir()] if releases.is_dir() else []


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack a site; nothing in the archive gets out of the folder."""
    try:
        with tarfile.open(archive, "r:gz") as packed:
            packed.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise BookError(f"{archive} is no packed site: {error}; pack the site anew.") from error
    if not (folder / "index.html").is_file():
        raise BookError(f"{archive} holds no index.html; pack the site anew.")
