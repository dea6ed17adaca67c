"""Distributions after temperature, top-k and top-p, in plain Python doubles, by the rules of Transformers' logits warpers
(TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper, applied in this order; ties at the k-th value stay, the least
likely tokens whose probabilities sum to at most 1 - top_p go, one token always stays).

    python3 make_sampler.py > sampler.json
"""
import json
import math
import random


def softmax(logits):
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    total = sum(weights)
    return [w / total for w in weights]


def warped(logits, temperature, top_k, top_p):
    scores = [x / temperature for x in logits]
    if top_k:
        least = sorted(scores, reverse=True)[min(top_k, len(scores)) - 1]
        scores = [x if x >= least else -math.inf for x in scores]
    if top_p < 1:
        order = sorted(range(len(scores)), key=lambda i: scores[i])
        probabilities = softmax(scores)
        below = 0.0
        for i in order[:-1]:
            below += probabilities[i]
            if below <= 1 - top_p:
                scores[i] = -math.inf
    return softmax(scores)


def main():
    draw = random.Random(5)
    cases = []
    for temperature, top_k, top_p in [(1, 0, 1), (1.5, 0, 1), (0.3, 0, 1), (1, 5, 1), (1, 1, 1), (1, 100, 1),
                                      (1, 0, 0.9), (1, 0, 0.05), (1.5, 50, 0.9), (0.7, 10, 0.5)]:
        logits = [round(draw.gauss(0, 3), 4) for _ in range(60)]
        logits[7] = logits[3]
        cases.append({"logits": logits, "temperature": temperature, "top_k": top_k, "top_p": top_p,
                      "probabilities": warped(logits, temperature, top_k, top_p)})
    print(json.dumps({"cases": cases}, separators=(",", ":")))


main()
