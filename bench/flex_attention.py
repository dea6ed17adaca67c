"""The bench of flex::attention: our program and PyTorch, row by row, on the same inputs; ./run bench flex runs it.

PyTorch's CPU flex_attention is compiled, with the block mask made before the timer; scaled_dot_product_attention is asked
for causal rows only, where it needs no mask of its own. Every result is held against ours before it is timed.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORE = [
    {"dtype": dtype, "mask": mask, "rows": rows, "dim": dim, "heads": heads, "kv_heads": kv_heads}
    for rows, dim, heads, kv_heads in ((4096, 128, 4, 4), (1024, 64, 9, 3))
    for dtype in ("f32", "bf16")
    for mask in ("causal", "window", "segments", "prefix" if rows == 4096 else "document")
]


def full_grid():
    return [
        {"dtype": dtype, "mask": mask, "rows": rows, "dim": dim, "heads": heads, "kv_heads": kv_heads}
        for dtype in ("f32", "bf16")
        for dim in (64, 128)
        for heads, kv_heads in ((8, 8), (9, 3), (8, 1))
        for rows in (128, 512, 1024, 4096, 16384)
        for mask in ("causal", "window", "document", "segments", "prefix")
    ]


def ours(program, row, threads, seconds, folder=None):
    command = [program, "--threads", str(threads), "--seconds", str(seconds)]
    for key, value in row.items():
        command += ["--" + key.replace("_", "-"), str(value)]
    if folder:
        command += ["--dump", folder]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


WARM_SECONDS = 0.05  # as in flex_attention_bench.cc


def timed(call, seconds):
    began = time.perf_counter()
    call()
    while time.perf_counter() - began < WARM_SECONDS:
        call()
    times, total = [], 0.0
    while len(times) < 5 or (total < seconds and len(times) < 2000):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
        total += times[-1]
    return min(times), statistics.median(times)


class Peers:
    def __init__(self, threads, seconds):
        import torch
        from torch.nn.attention import flex_attention

        torch.set_num_threads(threads)
        self.torch, self.flex, self.seconds = torch, flex_attention, seconds

    def load(self, row, folder):
        torch = self.torch
        dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[row["dtype"]]

        def tensor(name, heads):
            data = bytearray((Path(folder) / name).read_bytes())
            return torch.frombuffer(data, dtype=dtype).reshape(1, heads, row["rows"], row["dim"])

        names = (("q", row["heads"]), ("k", row["kv_heads"]), ("v", row["kv_heads"]), ("out", row["heads"]))
        ids = torch.frombuffer(bytearray((Path(folder) / "ids").read_bytes()), dtype=torch.int32)
        return [tensor(*name) for name in names] + [ids]

    def mask(self, row, ids):
        name, prefix = row["mask"], row["rows"] // 4
        if name == "causal":
            return lambda b, h, q, kv: q >= kv
        if name == "window":
            return lambda b, h, q, kv: (q >= kv) & (q - kv <= 255)
        if name == "prefix":
            return lambda b, h, q, kv: (kv < prefix) | (q >= kv)
        return lambda b, h, q, kv: (q >= kv) & (ids[q] == ids[kv])

    def run(self, row, folder):
        """{peer: (least, median) seconds, or why there is none}"""
        torch = self.torch
        q, k, v, want, ids = self.load(row, folder)
        shared = row["heads"] != row["kv_heads"]
        tolerance = 1e-4 if row["dtype"] == "f32" else 0.04

        def checked(call):
            out = call()
            away = (out.float() - want.float()).abs().max().item()
            return timed(call, self.seconds) if away <= tolerance else f"differs by {away:.2g}"

        results = {}
        with torch.no_grad():
            try:
                torch._dynamo.reset()
                blocks = self.flex.create_block_mask(self.mask(row, ids), None, None, row["rows"], row["rows"], device="cpu")
                compiled = torch.compile(self.flex.flex_attention, dynamic=False)
                results["flex"] = checked(lambda: compiled(q, k, v, block_mask=blocks, enable_gqa=shared))
            except Exception as error:  # a peer that cannot run a row is no reason to lose the table
                results["flex"] = str(error).splitlines()[0][:60]
            if row["mask"] == "causal":
                sdpa = torch.nn.functional.scaled_dot_product_attention
                results["sdpa"] = checked(lambda: sdpa(q, k, v, is_causal=True, enable_gqa=shared))
        return results


def rate(work, seconds):
    return work / seconds * 1e-9


def cell(work, ours_median, peer):
    if peer is None:
        return "-"
    if isinstance(peer, str):
        return peer
    return f"{rate(work, peer[1]):.0f} ({peer[1] / ours_median:.2f}x)"


def main():
    parser = argparse.ArgumentParser(prog="./run bench flex", description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help="the whole grid of 300 rows instead of 16")
    parser.add_argument("--no-peers", action="store_true", help="our program alone")
    parser.add_argument("--threads", type=int, default=0, help="threads for all; 0: every core")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each is repeated, five times at least")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    rows = full_grid() if options.full else CORE

    command = [options.program, "--ceiling", "--threads", str(options.threads)]
    ceiling = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print("Matrix products alone (oneDNN), GFLOP/s: " + ", ".join(f"{k} {v * 1e-9:.0f}" for k, v in ceiling.items()))
    print("GFLOP/s are 4 x head dim x allowed pairs over time. Peers: median, and their time over ours.\n")
    print("| dtype | mask | length | dim | heads | median | best | of ceiling | PyTorch flex | PyTorch SDPA |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    figures, peers = [], None
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            mine = ours(options.program, row, options.threads, options.seconds, folder)
            if not options.no_peers and peers is None:
                peers = Peers(mine["threads"], options.seconds)
            theirs = peers.run(row, folder) if peers else {}
        work = 4 * row["dim"] * mine["pairs"]
        median = rate(work, mine["seconds_median"])
        of_ceiling = f"{median * 1e9 / ceiling[row['dtype']]:.0%}" if row["dtype"] in ceiling else "-"
        print(
            f"| {row['dtype']} | {row['mask']} | {row['rows']} | {row['dim']} | {row['heads']}/{row['kv_heads']} | {median:.0f}"
            f" | {rate(work, mine['seconds_min']):.0f} | {of_ceiling}"
            f" | {cell(work, mine['seconds_median'], theirs.get('flex'))} | {cell(work, mine['seconds_median'], theirs.get('sdpa'))} |",
            flush=True,
        )
        figures.append({**row, "ours": mine, "peers": theirs, "gflops": median})
    if options.json:
        Path(options.json).write_text(json.dumps({"ceiling": ceiling, "rows": figures}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
