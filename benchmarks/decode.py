"""Writing with a key-value cache, our matrices rounded to float16, the peer's float32."""

from benchmarks import smollm
from scratchlm.llama_half import halve

NAME = "write, float16 weights"
PEER = "transformers (float32)"
COUNT, UNIT = smollm.COUNT, smollm.UNIT

sides: dict = {}


def setup(folder) -> None:
    model = smollm.load()
    sides.update(ours=halve(model), peer=smollm.their_model(model))
    smollm.agree(ours(), peer())


def ours() -> list[int]:
    return smollm.write(sides["ours"])


def peer() -> list[int]:
    return smollm.generate(sides["peer"])
