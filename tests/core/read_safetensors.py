"""Prints a safetensors file: read_safetensors.py FILE. The standard library alone; numpy would say
numpy.frombuffer(data[begin:end], "<f4").reshape(shape)."""
import json
import struct
import sys

content = open(sys.argv[1], "rb").read()
(size,) = struct.unpack("<Q", content[:8])
header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
assert size % 8 == 0
for name, text in header.pop("__metadata__", {}).items():
    print(f"{name}: {text}".replace("\n", "\\n"))
for name, tensor in header.items():
    begin, end = tensor["data_offsets"]
    kind = {"F32": "f", "I32": "i"}[tensor["dtype"]]
    values = struct.unpack(f"<{(end - begin) // 4}{kind}", data[begin:end])
    shown = [float(f"{v:.6g}") for v in values] if kind == "f" else list(values)
    print(name, tensor["shape"], shown)
