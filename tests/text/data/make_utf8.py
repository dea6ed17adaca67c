"""Writes utf8.json: byte sequences and what Python decodes them to. Run: python make_utf8.py > utf8.json"""
import itertools
import json
import random

rng = random.Random(1)
interesting = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
               0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
sequences = [list(s) for n in (1, 2) for s in itertools.product(interesting, repeat=n)]
sequences += [[rng.choice(interesting) for _ in range(rng.randint(3, 8))] for _ in range(1500)]
cases = [[s, bytes(s).decode("utf-8", "replace")] for s in sequences]
print("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]")
