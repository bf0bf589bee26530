"""Writing with a key-value cache, float32 on both sides."""

from benchmarks import smollm

NAME = "write, float32 weights"
PEER = "transformers"
COUNT, UNIT = smollm.COUNT, smollm.UNIT

sides: dict = {}


def setup(folder) -> None:
    model = smollm.load()
    sides.update(ours=model, peer=smollm.their_model(model))
    smollm.agree(ours(), peer())


def ours() -> list[int]:
    return smollm.write(sides["ours"])


def peer() -> list[int]:
    return smollm.generate(sides["peer"])
