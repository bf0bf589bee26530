"""What Binder installs: the versions of requirements.txt that notebooks need, torch without CUDA.

`make lock` runs this module; a test compares.
"""

import re
from pathlib import Path

from packaging.requirements import Requirement

from book import ROOT
from book.launcher import requirements

FILE = Path(".binder") / "requirements.txt"
RUNTIME = Path(".binder") / "runtime.txt"
TORCH = "https://download.pytorch.org/whl/cpu"
HEAD = f"""\
# Written by `make lock`: what the notebooks need, and no CUDA; Binder has no GPU.
--extra-index-url {TORCH}
"""


def text(root: Path = ROOT) -> str:
    """Return the text of Binder's requirements."""
    python = re.search(r"python-(\S+)", (root / RUNTIME).read_text(encoding="utf-8"))[1]
    platform = {"python_version": python, "python_full_version": f"{python}.0"}
    platform |= {"sys_platform": "linux", "implementation_name": "cpython"}
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    chosen = {pin.name: pin for pin in pins if not pin.marker or pin.marker.evaluate(platform)}
    wanted = {name: f"{name}{chosen[name].specifier}" for name in sorted(requirements(root))}
    wanted["torch"] += "+cpu"
    return HEAD + "\n".join(wanted.values()) + "\n"


if __name__ == "__main__":
    (ROOT / FILE).write_text(text(), encoding="utf-8")
