#!/usr/bin/env python3
"""Makes squad.json and statistics.json beside this file: tests/eval/data/make_vectors.py; needs numpy, scipy, statsmodels.

squad.json: SQuAD 1.1's evaluation (normalize_answer, exact_match_score, f1_score) as published.
statistics.json: statsmodels' multipletests(method='holm'); scipy.stats.bootstrap (percentile, paired differences, 200,000 resamples); for
clusters numpy's draws of whole clusters, as many."""
import collections
import json
import pathlib
import re
import string

import numpy
import scipy.stats
import statsmodels.stats.multitest

HERE = pathlib.Path(__file__).resolve().parent


def normalize(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def f1(prediction, answer):
    p, a = normalize(prediction).split(), normalize(answer).split()
    same = sum((collections.Counter(p) & collections.Counter(a)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(p), same / len(a)
    return 2 * precision * recall / (precision + recall)


PAIRS = [("Paris", ["Paris"]), ("It is Paris, France.", ["Paris", "Paris France"]), ("the United States", ["United States of America", "U.S."]),
         ("A dog and a cat", ["the cat", "dog"]), ("New York, New York", ["new york"]), ("U.S.", ["US"]), ("1,500", ["1500"]),
         ("Zürich", ["zürich", "Zurich"]), ("theatre", ["the atre"]), ("", ["Paris"]), ("...", ["Paris"]), ("An apple a day", ["apple day"]),
         ("Ludwig van Beethoven", ["Beethoven", "van Beethoven"]), ("ÉCOLE normale", ["école Normale"]), ("x y z", ["a b c"])]


def clustered(values, cluster, rng, resamples):
    keys = sorted(set(cluster))
    sums = numpy.array([sum(v for v, c in zip(values, cluster) if c == k) for k in keys])
    sizes = numpy.array([sum(c == k for c in cluster) for k in keys])
    drawn = rng.integers(len(keys), size=(resamples, len(keys)))
    return numpy.quantile(sums[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])


def statistics():
    rng = numpy.random.default_rng(7)
    holm = []
    for p in ([0.01, 0.04, 0.03, 0.005], [0.5], [0.9, 0.9, 0.01], [0.2, 0.001, 0.001, 0.04, 1.0, 0.049], list(rng.random(12) ** 3)):
        holm.append({"p": p, "adjusted": list(statsmodels.stats.multitest.multipletests(p, method="holm")[1])})
    bootstraps = []
    for n, clusters in ((60, 0), (300, 0), (300, 12), (500, 40)):
        cluster = list(map(int, rng.integers(clusters, size=n))) if clusters else []
        effect = rng.normal(0.05, 0.2, size=max(clusters, 1))
        values = [float(rng.choice([-1, 0, 1], p=[0.15, 0.65, 0.2]) if not clusters else
                        numpy.sign(round(effect[cluster[i]] + rng.normal(0, 0.4)))) for i in range(n)]
        if clusters:
            low, high = clustered(values, cluster, rng, 200_000)
        else:
            interval = scipy.stats.bootstrap((numpy.array(values),), numpy.mean, n_resamples=200_000, batch=2_000, method="percentile",
                                             random_state=1).confidence_interval
            low, high = interval.low, interval.high
        bootstraps.append({"values": values, "cluster": cluster, "lower": float(low), "upper": float(high)})
    return {"holm": holm, "bootstrap": bootstraps}


(HERE / "squad.json").write_text(json.dumps(
    [{"prediction": p, "answers": a, "exact_match": float(any(normalize(p) == normalize(x) for x in a)), "f1": max(f1(p, x) for x in a)}
     for p, a in PAIRS], ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
(HERE / "statistics.json").write_text(json.dumps(statistics()) + "\n", encoding="utf-8")
