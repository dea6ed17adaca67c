#!/usr/bin/env python3
"""PyTorch's compiled flex_attention on the rows of bench/flex_cuda_rows.cuh: a line of JSON a row on stdout.

Each row is compared with attention in float64 on sampled query rows before it is timed. Calls are captured in a CUDA graph,
so that Python's own time does not count. Needs a CUDA device and torch 2.6 or later."""
import json
import statistics

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

Q_HEADS, KV_HEADS, DIM = 24, 8, 128
# name, batch, query rows, keys, segments
ROWS = [
    ("causal S=8192 B=2", 2, 8192, 8192, 0),
    ("16 segments S=8192 B=2", 2, 8192, 8192, 16),
    ("5 segments S=8192 B=2", 2, 8192, 8192, 5),
    ("window 1024 S=8192 B=2", 2, 8192, 8192, 0),
    ("5 segments S=768 B=16", 16, 768, 768, 5),
    ("decode kv=768 B=256", 256, 1, 768, 0),
]


def segment_ids(segments, length):
    """As segment_begin() of the C++ rows."""
    begins = [0 if i == 0 else i * length // segments + 37 * i % 64 for i in range(segments)] + [length]
    ids = torch.empty(length, dtype=torch.int32, device="cuda")
    for i in range(segments):
        ids[begins[i]:begins[i + 1]] = i
    return ids


def mask_of(name, segments, length):
    if name.startswith("causal"):
        return lambda b, h, q, kv: q >= kv
    if name.startswith("window"):
        return lambda b, h, q, kv: (q >= kv) & (q - kv <= 1023)
    if segments:
        ids = segment_ids(segments, length)
        return lambda b, h, q, kv: (q >= kv) & (ids[q] == ids[kv])
    return None


def worst_error(q, k, v, out, mask):
    """Largest difference from float64 on 24 sampled query rows."""
    worst = 0.0
    for sample in range(24):
        b, h = sample * 7919 % q.shape[0], sample * 5 % Q_HEADS
        r = (sample + 1) * 104729 % q.shape[2]
        g = h // (Q_HEADS // KV_HEADS)
        scores = (k[b, g].double() @ q[b, h, r].double()) / DIM**0.5
        if mask is not None:
            keys = torch.arange(k.shape[2], device="cuda")
            scores[~mask(b, h, torch.tensor(r, device="cuda"), keys)] = -torch.inf
        want = torch.softmax(scores, 0) @ v[b, g].double()
        worst = max(worst, (out[b, h, r].double() - want).abs().max().item())
    return worst


def milliseconds(call):
    """Median of 9 groups of 10 calls in a graph, after warming up."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(10):
            call()
    graph.replay()
    times = []
    for _ in range(9):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 10)
    return statistics.median(times)


def main():
    compiled = torch.compile(flex_attention, dynamic=False)
    for name, batch, rows, keys, segments in ROWS:
        torch.manual_seed(1)
        q = torch.randn(batch, Q_HEADS, rows, DIM, device="cuda", dtype=torch.bfloat16)
        k, v = (torch.randn(batch, KV_HEADS, keys, DIM, device="cuda", dtype=torch.bfloat16) for _ in range(2))
        mask = mask_of(name, segments, keys)
        blocks = create_block_mask(mask, None, None, rows, keys, device="cuda") if mask else None
        pairs = rows * keys
        if mask:
            index = torch.arange(keys, device="cuda")
            pairs = sum(int(mask(0, 0, row[:, None], index).sum()) for row in index.split(512))
        with torch.no_grad():
            def call():
                return compiled(q, k, v, block_mask=blocks, enable_gqa=True)
            error = worst_error(q, k, v, call(), mask)
            if not error < 0.03:
                print(json.dumps({"row": name, "error": f"off by {error:.3g}"}), flush=True)
                continue
            ms = milliseconds(call)
        flops = 4.0 * DIM * Q_HEADS * batch * pairs
        size = 2.0 * (2 * q.numel() + 2 * k.numel())
        print(json.dumps({"row": name, "torch": torch.__version__, "ms": round(ms, 4), "tflops": round(flops / ms * 1e-9, 1),
                          "tb_per_s": round(size / ms * 1e-9, 3), "off_by": round(error, 5)}), flush=True)


if __name__ == "__main__":
    main()
