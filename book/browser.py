"""The browser of the site tests: `python -m book.browser` finds one, or makes one available.

In order: a Chromium or Chrome that is already there; Playwright's own download; as root on Debian,
its package. Without any of them the site tests say in one line what was not run, except in CI,
where that is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

COMMAND = f"{sys.executable} -m playwright install --with-deps chromium"
MISSING = f"Site tests not run: there is no Chromium or Chrome here; `{COMMAND}` installs one."

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
]
ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

DOWNLOAD_SECONDS = 300
PACKAGE_SECONDS = 600


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def in_ci() -> bool:
    return bool(os.environ.get("CI"))


def playwrights_own(playwright=None) -> str | None:
    """The path at which Playwright keeps its own Chromium, whether or not it is there."""
    if playwright:
        return playwright.chromium.executable_path
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as started:
        return started.chromium.executable_path


def starts(path: str) -> bool:
    """Whether the program runs here: a stub or a missing system library shows at `--version`."""
    if sys.platform == "win32":  # there, `--version` opens a window and prints nothing
        return True
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_browser(playwright=None) -> str | None:
    """The path of a Chromium or Chrome that starts, or None.

    `playwright` is a running Playwright; only one runs at a time, so a caller who has it passes it.
    """
    installed = [shutil.which(name) for name in NAMES] + [p for p in PLACES if Path(p).exists()]
    for path in installed:
        if path and starts(path):
            return path
    path = playwrights_own(playwright)
    return path if path and Path(path).exists() and starts(path) else None


def launch(playwright, path: str | None = None):
    """Start a headless browser that asks nothing of the network by itself."""
    path = path or find_browser(playwright)
    if path is None:
        raise RuntimeError(MISSING)
    sandbox = ["--no-sandbox"] if is_root() else []  # Chromium refuses to start as root with it
    return playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS + sandbox)


def run(command: list[str], seconds: int) -> bool:
    """Run an installer, its output to stderr so that stdout keeps to one line."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, stdout=sys.stderr, env=environment, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def download() -> None:
    run([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_SECONDS)


def on_debian() -> bool:
    """Whether this is Debian itself: the package of that name on Ubuntu is a stub for a snap."""
    release = Path("/etc/os-release")
    return release.exists() and "\nID=debian\n" in f"\n{release.read_text()}\n"


def install_package() -> None:
    if is_root() and on_debian():
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        if run(["apt-get", "update"], PACKAGE_SECONDS):
            run(install, PACKAGE_SECONDS)


def main() -> int:
    path = find_browser()
    for make_available in (download, install_package):
        if path is None:
            make_available()
            path = find_browser()
    print(f"Browser for the site tests: {path}" if path else MISSING)
    return 1 if path is None and in_ci() else 0


if __name__ == "__main__":
    sys.exit(main())
