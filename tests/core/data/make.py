"""Writes reference.gguf, reference.safetensors and mixed.safetensors with the `gguf` and `safetensors` Python packages.

    pip install gguf==0.19.0 safetensors==0.8.0 && python make.py

reference.gguf has metadata of every type and random blocks of every weight type; reference.safetensors has the same
tensors as the `gguf` package dequantises them, in float32. mixed.safetensors has one tensor of each plain type.
"""
import gguf
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(7)
Q = gguf.GGMLQuantizationType
FIRST_SCALES = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0],
                Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208]}


def scales(n):
    """Finite halves of every size: normal ones, and one block with a subnormal."""
    values = rng.normal(0, 0.05, n).astype(np.float16)
    values[0] = np.float16(3e-6)
    return values.view(np.uint8).reshape(n, 2)


def random_blocks(kind, rows, blocks):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    raw = rng.integers(0, 256, (rows * blocks, size), dtype=np.uint8)
    for at in FIRST_SCALES[kind]:
        raw[:, at:at + 2] = scales(rows * blocks)
    return raw.reshape(rows, blocks * size)


writer = gguf.GGUFWriter("reference.gguf", "llama")
writer.add_custom_alignment(64)
writer.add_uint8("t.u8", 200)
writer.add_int8("t.i8", -100)
writer.add_uint16("t.u16", 60000)
writer.add_int16("t.i16", -30000)
writer.add_uint32("t.u32", 4000000000)
writer.add_int32("t.i32", -2000000000)
writer.add_uint64("t.u64", 2**63)
writer.add_int64("t.i64", -2**62)
writer.add_float32("t.f32", 0.1)
writer.add_float64("t.f64", 0.1)
writer.add_bool("t.true", True)
writer.add_bool("t.false", False)
writer.add_string("t.text", "naïve 語")
writer.add_array("t.texts", ["", "Ġthe", "\n\n"])
writer.add_array("t.integers", [1, -2, 3])
writer.add_array("t.floats", [0.5, -1.25])
writer.add_array("t.flags", [True, False])
writer.add_array("t.nested", [[1, 2], [3]])

expected = {}
for kind in FIRST_SCALES:
    rows, blocks = (2, 1) if "_K" in kind.name else (3, 2)
    raw = random_blocks(kind, rows, blocks)
    writer.add_tensor(kind.name, raw, raw_dtype=kind)
    expected[kind.name] = gguf.dequantize(raw, kind)
f32 = rng.normal(size=(2, 3, 5)).astype(np.float32)
f16 = np.concatenate([rng.normal(size=6), [6e-8, 65504, -0.0, np.inf]]).astype(np.float16).reshape(2, 5)
bf16 = (rng.normal(size=8).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
writer.add_tensor("F32", f32)
writer.add_tensor("F16", f16)
writer.add_tensor("BF16", bf16.view(np.uint8), raw_dtype=Q.BF16)
expected["F32"] = f32
expected["F16"] = gguf.dequantize(f16, Q.F16)
expected["BF16"] = gguf.dequantize(bf16.view(np.uint8), Q.BF16)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

save_file({name: np.ascontiguousarray(value, dtype=np.float32) for name, value in expected.items()},
          "reference.safetensors")
save_file({"f64": np.array([1.5, -2.0]), "f16": np.array([[1.5]], dtype=np.float16),
           "i8": np.array([-1], dtype=np.int8), "i16": np.array([-2], dtype=np.int16),
           "i32": np.array([-3], dtype=np.int32), "i64": np.array([-4], dtype=np.int64),
           "u8": np.array([5, 6, 7], dtype=np.uint8), "bool": np.array([True, False]),
           "empty": np.zeros((0, 4), dtype=np.float32), "scalar": np.array(2.5, dtype=np.float32)},
          "mixed.safetensors", metadata={"format": "np"})
