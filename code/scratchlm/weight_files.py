"""Files of weights: which to open, whether one is whole, and where GPT-2's comes from."""

import json
import socket
from pathlib import Path

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


def refuse_pickle(path: str | Path) -> None:
    """Raise ValueError for a file that can run code when it is opened."""
    path = Path(path)
    if path.suffix in PICKLES:
        raise ValueError(
            f"{path.name} is a pickle, which can run any code when it is opened: "
            "use the model's .safetensors or .gguf file."
        )


def check_whole(path: str | Path) -> None:
    """Raise ValueError if a safetensors file ends before one of its tensors does."""
    path = Path(path)
    size = path.stat().st_size
    with open(path, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")  # of the header, which is JSON
        try:
            header = json.loads(stream.read(length) if length < size else b"")
        except ValueError:
            raise ValueError(
                f"{path.name} is no safetensors file, or ends within its header: fetch it again."
            ) from None
    header.pop("__metadata__", None)
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        shape, there = tuple(entry["shape"]), max(0, size - 8 - length - start)
        if there < end - start:
            rows = there * shape[0] // (end - start)
            raise ValueError(
                f"{path.name} ends within {name}: its shape is {shape}, and only "
                f"{(rows, *shape[1:])} are there; fetch the file again."
            )


def fetch_gpt2() -> Path | None:
    """Return the published checkpoint of GPT-2, 124M parameters, 548 MB, or None.

    None if there is no way to its hub, or the package `huggingface_hub` is not installed.
    """
    try:
        from huggingface_hub import hf_hub_download

        socket.create_connection(("huggingface.co", 443), timeout=2).close()
        revision = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
        return Path(
            hf_hub_download("openai-community/gpt2", "model.safetensors", revision=revision)
        )
    except (ImportError, OSError, RuntimeError):
        return None
