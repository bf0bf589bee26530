"""Comparisons with named peers, side by side: `python -m benchmarks`. One module a comparison.

A module states NAME and PEER, prepares both sides in `setup(folder)`, and runs them in `ours()` and
`peer()`. It may state how many units a run handles (COUNT, UNIT), and a `fresh()` which is called,
untimed, before each run.
"""
