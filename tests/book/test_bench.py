"""The benchmark harness: order, ratios, and that each comparison can be run."""

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import build_overhead, harness


class Entry:
    """A comparison that only notes what is called, its clock advanced by hand."""

    NAME, PEER, COUNT, UNIT = "counting", "Abacus", 2, "bead"

    def __init__(self, monkeypatch, ours=(1.0,), peer=(2.0,)):
        self.calls, self.now = [], 0.0
        self.costs = {"ours": list(ours), "peer": list(peer)}
        monkeypatch.setattr(harness.time, "perf_counter", lambda: self.now)

    def run(self, side):
        self.calls.append(side)
        costs = self.costs[side]
        self.now += costs.pop(0) if len(costs) > 1 else costs[0]

    def fresh(self):
        self.calls.append("fresh")
        self.now += 100

    def ours(self):
        self.run("ours")

    def peer(self):
        self.run("peer")


def test_runs_alternate_and_the_first_pair_warms_up(monkeypatch):
    entry = Entry(monkeypatch, ours=[9.0, 1.0, 3.0], peer=[9.0, 2.0, 2.0])
    timing = harness.measure(entry, 2)
    runs = [call for call in entry.calls if call != "fresh"]
    assert runs == ["peer", "ours", "ours", "peer", "peer", "ours"]
    assert entry.calls[::2] == ["fresh"] * 6
    assert timing == harness.Timing([1.0, 3.0], [2.0, 2.0])


def test_line_gives_median_and_spread_of_the_ratios(monkeypatch):
    timing = harness.Timing([1.0, 2.0, 6.0], [2.0, 2.0, 2.0])
    assert harness.line(Entry(monkeypatch), timing) == (
        "counting: ours 1 s a bead, Abacus 1 s a bead; ratio 1.00 (0.50–3.00, 3 pairs of runs)"
    )


def test_every_module_is_a_comparison():
    found = harness.entries()
    assert build_overhead in found
    for entry in found:
        assert entry.NAME and entry.PEER
        assert all(callable(getattr(entry, name)) for name in ("setup", "ours", "peer"))


def test_an_unknown_name_gets_a_sentence():
    result = CliRunner().invoke(command.main, ["gone"])
    assert result.exit_code == 2
    assert "no comparison 'gone'; there are: " in result.output
    assert all(name in result.output for name in ("bpe_training", "build_overhead"))


def test_build_overhead_gives_both_sides_the_same_pages(tmp_path):
    build_overhead.setup(tmp_path)
    sides = [tmp_path / side for side in ("ours", "peer")]
    pages = [{p.name: p.read_text() for p in side.glob("*.md")} for side in sides]
    assert pages[0] == pages[1] and len(pages[0]) == build_overhead.COUNT
    settings = [(side / "_config.yml").read_text() for side in sides]
    assert "book.extension" in settings[0] and "book" not in settings[1].replace("A book", "")


def test_a_failed_build_is_not_timed(tmp_path, monkeypatch):
    (tmp_path / "_config.yml").write_text("title: x\n")
    monkeypatch.setitem(build_overhead.folders, "peer", tmp_path)
    with pytest.raises(RuntimeError, match="failed"):
        build_overhead.peer()
