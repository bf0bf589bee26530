"""A build that is interrupted leaves nothing running and nothing stale; the next one goes on."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from rich.console import Console

from book import ROOT
from book.build import MARKER, SITE, locked

SLOW = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Slow

```{code-cell} python3
import time
time.sleep(60)
```
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_build_stops_its_kernels_and_publishes_nothing(tree):
    tree.write("code/scratchlm/small.py", "")
    tree.write("chapters/part/one.md", SLOW)
    tree.write("_build/html/index.html", "an older site")
    command = [sys.executable, "-m", "book", "--root", str(tree.root), "build"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a test run that was started in the background hands down that the signal is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    kernels, deadline = [], time.monotonic() + 40
    while not kernels and time.monotonic() < deadline:
        time.sleep(0.2)
        children = psutil.Process(process.pid).children(recursive=True)
        kernels = [c for c in children if "ipykernel" in " ".join(c.cmdline())]
    assert kernels
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "run the command again" in said
    assert "Traceback" not in said
    assert not psutil.wait_procs(kernels, timeout=5)[1]
    assert not (tree.root / SITE).exists()
    assert (tree.root / MARKER).exists()


def test_a_second_build_waits_for_the_first(tree):
    (tree.root / "_build").mkdir()
    code = (
        "import sys, pathlib; from rich.console import Console; from book.build import locked\n"
        "with locked(pathlib.Path(sys.argv[1]), Console()): print('mine')"
    )
    command = [sys.executable, "-c", code, str(tree.root)]
    with locked(tree.root, Console(quiet=True)):
        second = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
        assert "waiting for it" in second.stdout.readline()
        assert second.poll() is None
    assert "mine" in second.communicate(timeout=30)[0]
