"""Writes masks.json: masks and biases as their papers define them, in plain Python. Run: python make_masks.py > masks.json

neighbourhood: NATTEN's window (arXiv 2204.07143): the kernel's tokens nearest the query, moved inside at borders.
block_diffusion: the three parts of arXiv 2503.09573, section 3: block diagonal, offset block causal, block causal.
sandwich: inner products of the sinusoidal embeddings themselves (arXiv 2212.10356), by head."""
import json
import math


def rows(n, allow):
    return ["".join("1" if allow(q, k) else "0" for k in range(n)) for q in range(n)]


def window(at, length, size):
    """The `size` places that hold `at` nearest their middle: every candidate is tried."""
    best = None
    for begin in range(length - size + 1):
        before, after = at - begin, begin + size - 1 - at
        if before < 0 or after < 0:
            continue
        skew = (abs(before - after), after > before)
        if best is None or skew < best[0]:
            best = (skew, begin)
    return range(best[1], best[1] + size)


def neighbourhood(height, width, kernel_height, kernel_width):
    def allow(q, k):
        return (k // width in window(q // width, height, kernel_height)
                and k % width in window(q % width, width, kernel_width))
    return rows(height * width, allow)


def block_diffusion(length, block):
    def allow(q, k):
        noised_q, noised_k = q < length, k < length
        i, j = (q % length) // block, (k % length) // block
        diagonal = i == j and noised_q and noised_k
        offset = i > j and noised_q and not noised_k
        causal = i >= j and not noised_q and not noised_k
        return diagonal or offset or causal
    return rows(2 * length, allow)


def sandwich(length, dim, heads):
    def embedding(position):
        angles = [position / 10000 ** (2 * i / dim) for i in range(1, dim // 2 + 1)]
        return [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    at = [embedding(p) for p in range(length)]
    dot = [math.fsum(a * b for a, b in zip(at[-1], at[length - 1 - d])) for d in range(length)]
    return [[(dot[d] - dim / 2) / (8 * n / heads) for d in range(length)] for n in range(1, heads + 1)]


def ancestors(parent):
    def allow(q, k):
        while q >= 0:
            if q == k:
                return True
            q = parent[q]
        return False
    return rows(len(parent), allow)


sides = [(4, 6, 3, 3), (5, 3, 3, 1), (3, 7, 2, 4), (6, 4, 5, 4), (1, 9, 1, 5)]
trees = [[-1, 0, 1, 1, 2, 3, 3, 2, 0], [-1, -1, 0, 1, 3, 2, 5, 6, 4, 8, 1]]
print(json.dumps({
    "neighbourhood": [{"height": h, "width": w, "kernel_height": kh, "kernel_width": kw, "rows": neighbourhood(h, w, kh, kw)}
                      for h, w, kh, kw in sides],
    "block_diffusion": [{"length": n, "block": b, "rows": block_diffusion(n, b)} for n, b in [(8, 2), (10, 4), (6, 6), (5, 1)]],
    "tree_ancestors": [{"parent": p, "rows": ancestors(p)} for p in trees],
    "sandwich": {"length": 300, "dim": 128, "heads": 4, "bias": sandwich(300, 128, 4)},
}, separators=(",", ":")))
