"""Blocks and files: bytes by hand, the package `gguf` as the oracle, round trips, broken files."""

import struct

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from gguf.quants import dequantize, quantize
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.gguf_blocks import decode_q4_1, decode_q8_0
from scratchlm.gguf_file import GGUFFile

CODES = [(Kind.Q8_0, decode_q8_0, 34), (Kind.Q4_1, decode_q4_1, 20)]


def test_q4_1_by_hand():
    block = struct.pack("<2e", 0.25, -2.0) + bytes([0x3C, 0xF0] + 14 * [0x10])
    weights = decode_q4_1(torch.tensor(list(block), dtype=torch.uint8)).tolist()
    assert weights[:3] == [1.0, -2.0, -2.0] and weights[16:19] == [-1.25, 1.75, -1.75]


def test_q8_0_by_hand():
    block = struct.pack("<e", 0.5) + struct.pack("<32b", -127, 127, *range(30))
    weights = decode_q8_0(torch.tensor(list(block), dtype=torch.uint8)).tolist()
    assert weights == [-63.5, 63.5, *(i / 2 for i in range(30))]


@given(st.integers(0, 10_000), st.sampled_from(CODES))
@settings(deadline=None)
def test_any_bytes_are_decoded_as_gguf_decodes_them(seed, code):
    kind, decode, size = code
    draw = torch.Generator().manual_seed(seed)
    blocks = torch.randint(0, 256, (6, 3, size), dtype=torch.uint8, generator=draw)
    blocks[..., [1, 3]] &= 0x7B  # float16 that are finite
    theirs = torch.tensor(dequantize(blocks.flatten(1).numpy(), kind))
    assert torch.equal(decode(blocks).flatten(1), theirs)


@pytest.fixture
def path(tmp_path):
    """A small file that the package `gguf` has written, with every kind of fact."""
    path = tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 2)
    writer.add_float32("llama.rope.freq_base", 1e5)
    writer.add_bool("general.truth", True)
    writer.add_array("tokens", ["one", "zwei", "三"])
    writer.add_array("counts", [1, -2, 3])
    draw = np.random.default_rng(0)
    for name, shape, kind in [
        ("plain.weight", (3, 5), Kind.F32),
        ("half.weight", (2, 4), Kind.F16),
        ("eight.weight", (4, 64), Kind.Q8_0),
        ("four.weight", (6, 96), Kind.Q4_1),
        ("flat.weight", (32,), Kind.F32),
    ]:
        weights = draw.normal(size=shape).astype(np.float32)
        plain = {Kind.F32: np.float32, Kind.F16: np.float16}.get(kind)
        if plain:
            writer.add_tensor(name, weights.astype(plain))
        else:
            writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_files_are_read_as_gguf_reads_them(path):
    file, reader = GGUFFile(path), gguf.GGUFReader(path)
    assert file.facts["tokens"] == ["one", "zwei", "三"] and file.facts["counts"] == [1, -2, 3]
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            assert file.facts[name] == field.contents(), name
    assert [*file.tensors] == [tensor.name for tensor in reader.tensors]
    for tensor in reader.tensors:
        theirs = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
        found = file.read(tensor.name)
        assert found.dtype == torch.float32 and torch.equal(found, theirs.view(found.shape))
        assert file.tensors[tensor.name].shape == tuple(reversed(tensor.shape.tolist()))


def test_reading_does_not_change_the_file(path):
    before = path.read_bytes()
    file = GGUFFile(path)
    file.read("plain.weight").zero_()
    file.blocks("four.weight").zero_()
    assert path.read_bytes() == before


def test_a_file_that_ends_too_early_is_one_sentence(path):
    whole = path.read_bytes()
    data = len(whole) - sum(e.rows * e.row_bytes for e in GGUFFile(path).tensors.values()) - 200
    for length in sorted({0, 3, 4, 10, 40, 100, data, len(whole) - 129, len(whole) - 1}):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"no GGUF file|ends within") as error:
            GGUFFile(path)
        assert ("\n" not in str(error.value) and str(error.value).endswith(".")) or length < 4
    path.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"flat.weight: its shape is \(32,\), and only"):
        GGUFFile(path)


def test_other_files_are_refused(path, tmp_path):
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ValueError, match=r"other\.gguf is no GGUF file"):
        GGUFFile(other)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("odd.weight", np.zeros((2, 144), np.uint8), raw_dtype=Kind.Q4_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match=r"odd\.weight is kept as kind 12: this reader knows F32"):
        GGUFFile(path)
