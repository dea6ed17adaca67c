#!/usr/bin/env python3
"""Makes analysis/ and auroc.json beside this file: tests/eval/data/make_analysis.py; needs pandas, pyarrow, scipy, statsmodels.

analysis/set/m/: results of made-up methods over 36 questions in 6 relations, written by pandas; analysis/expected.json: what `chorus analyze` says of
them, computed from these files with pandas, scipy.stats.mannwhitneyu and pearsonr, statsmodels' proportion_confint, mcnemar and multipletests. Words are
made up, so that they are their own lemmas."""
import itertools
import json
import pathlib
import random

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, pearsonr
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "analysis" / "set" / "m"
QUESTIONS, PARAPHRASES = 36, 4
WORDS = ["zorb", "kelp", "vimo", "tarn", "blon", "quib"]


def run_in(short, long):
    return any(long[i:i + len(short)] == short for i in range(len(long) - len(short) + 1)) and bool(short)


def right(prediction, answers):
    words = prediction.lower().split()
    return any(run_in(a.lower().split(), words) for a in answers)


def agree(a, b):
    x, y = a.lower().split(), b.lower().split()
    return bool(x) and bool(y) and (run_in(x, y) or run_in(y, x))


def make_files():
    rng = random.Random(11)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "diversity").mkdir(exist_ok=True)
    questions = [{"uuid": f"q{i:02}", "relation": f"r{i % 6}", "answers": [WORDS[i % 6], WORDS[i % 5] + " " + WORDS[(i + 1) % 5]]}
                 for i in range(QUESTIONS)]

    def predict(question, skill):
        if rng.random() < skill:
            answer = rng.choice(question["answers"])
            return answer if rng.random() < 0.7 else f"the {answer} indeed"
        return rng.choice(["", "mork", "mork mork", rng.choice(WORDS)])

    def save(name, rows):
        pd.DataFrame(rows).to_feather(FOLDER / (name + ".feather"), compression="uncompressed")

    for name, skill in (("origin", 0.45), ("ensemble_avg-4", 0.6), ("ensemble_avg-2", 0.5), ("ensemble_max-4", 0.5), ("ensemble_vote-4", 0.65),
                        ("flex_attention-4", 0.75), ("flex_attention-2", 0.6), ("flex_attention-3", 0.75)):
        save(name, [{**q, "prediction": predict(q, skill)} for q in questions])
    singles = [{**q, "paraphrase_index": p, "prediction": predict(q, 0.35 + 0.08 * p)} for q in questions for p in range(PARAPHRASES)]
    save("per_prompt", singles)
    save("confidence", [{**{k: v for k, v in row.items() if k != "prediction"}, "greedy_predict": row["prediction"],
                         "confidence": round(min(1.0, max(0.0, rng.gauss(0.55, 0.25))), 2)} for row in singles])
    for i, j in itertools.combinations(range(3), 2):
        save(f"diversity/ensemble_avg-{i},{j}", [{**q, "prediction": predict(q, 0.5 + 0.1 * j)} for q in questions])


def read(name):
    table = pd.read_feather(FOLDER / (name + ".feather"))
    table["answers"] = table.answers.map(list)
    column = "prediction" if "prediction" in table else "greedy_predict"
    table["right"] = [right(p, a) for p, a in zip(table[column], table.answers)]
    return table


def accuracy_of(table):
    low, high = proportion_confint(int(table.right.sum()), len(table), method="wilson")
    return {"accuracy": float(table.right.mean()), "n": len(table), "lower": float(low), "upper": float(high)}


def expected():
    runs = {(m, n): read(f"{stem}-{n}") for m, stem, n in (("avg", "ensemble_avg", 4), ("max", "ensemble_max", 4), ("vote", "ensemble_vote", 4),
                                                          ("flex", "flex_attention", 4))}
    origin, singles, confidence = read("origin"), read("per_prompt"), read("confidence")
    out = {"accuracy": {"origin": accuracy_of(origin)}, "comparison": {}, "sizes": [], "outcomes": {}, "by_relation": []}
    tests = []
    for (method, n), run in runs.items():
        classic = [r.right.mean() for (m, _), r in runs.items() if m in ("avg", "max", "vote") and m != method]
        out["accuracy"][method] = {**accuracy_of(run), "over origin": float(run.right.mean() - origin.right.mean()),
                                   "over classic mean": float(run.right.mean() - np.mean(classic))}
        both = run.merge(origin, on="uuid", suffixes=("", "_0"))
        table = pd.crosstab(both.right, both.right_0).reindex(index=[False, True], columns=[False, True], fill_value=0)
        p = float(mcnemar(table.to_numpy(), exact=True).pvalue)
        tests.append((method, p))
        out["comparison"][method] = {"n": len(both), "difference": float((both.right.astype(int) - both.right_0.astype(int)).mean()),
                                     "only it": int(table.loc[True, False]), "only baseline": int(table.loc[False, True]), "p (McNemar)": p}
        any_right = singles.groupby("uuid").right.sum()
        here = run.set_index("uuid").right
        alone = any_right.reindex(here.index)
        out["outcomes"][method] = {"TT": int(((alone > 0) & here).sum()), "TF": int(((alone > 0) & ~here).sum()), "FT": int(((alone == 0) & here).sum()),
                                   "FF": int(((alone == 0) & ~here).sum()), "any": float((alone > 0).mean()), "ensemble": float(here.mean()),
                                   "one": float(here[alone == 1].mean())}
        for relation, part in run.groupby("relation", sort=False):
            out["by_relation"].append({"method": method, "relation": relation, **accuracy_of(part)})
        out["by_relation"].append({"method": method, "relation": "mean over values", "accuracy": float(run.groupby("relation").right.mean().mean())})
    for (method, _), adjusted in zip(tests, multipletests([p for _, p in tests], method="holm")[1]):
        out["comparison"][method]["p (Holm)"] = float(adjusted)
    for method, stem, sizes in (("avg", "ensemble_avg", (2, 4)), ("flex", "flex_attention", (2, 3, 4))):
        found = {n: read(f"{stem}-{n}") for n in sizes}
        best = max(sizes, key=lambda n: (found[n].right.mean(), -n))
        out["sizes"] += [{"method": method, "N": n, **accuracy_of(found[n]), "best": "best" if n == best else ""} for n in sizes]

    wide = singles.pivot(index="uuid", columns="paraphrase_index", values="right")
    text = singles.pivot(index="uuid", columns="paraphrase_index", values="prediction")
    out["paraphrases"] = [{"i": i, **accuracy_of(singles[singles.paraphrase_index == i]), "any right": float(wide.iloc[:, :i + 1].any(axis=1).mean()),
                           "all right": float(wide.iloc[:, :i + 1].all(axis=1).mean())} for i in range(PARAPHRASES)]
    out["pairs"] = []
    for i, j in itertools.combinations(range(PARAPHRASES), 2):
        either, both = wide[i] | wide[j], wide[i] & wide[j]
        same = [agree(a, b) for a, b in zip(text[i], text[j])]
        out["pairs"].append({"pair": f"{i},{j}", "consistency": float(np.mean(same)), "OR": float(either.mean()), "AND": float(both.mean()),
                             "diversity": float(either.sum() / both.sum()), "n": len(wide)})
    sets = []
    for i, j in itertools.combinations(range(3), 2):
        run, pair = read(f"diversity/ensemble_avg-{i},{j}"), next(p for p in out["pairs"] if p["pair"] == f"{i},{j}")
        sets.append({"set": f"{i},{j}", "accuracy": float(run.right.mean()), "mean alone": float(wide[[i, j]].to_numpy().mean()),
                     "consistency": pair["consistency"], "OR": pair["OR"], "diversity": pair["diversity"]})
    columns = ("mean alone", "consistency", "OR", "diversity")
    correlations = {c: float(pearsonr([s["accuracy"] for s in sets], [s[c] for s in sets])[0]) for c in columns}
    out["index_sets"] = sets + [{"set": "", **correlations}]
    sure, unsure = confidence[confidence.right].confidence, confidence[~confidence.right].confidence
    out["confidence"] = [{"n": len(confidence), "accuracy": float(confidence.right.mean()), "mean": float(confidence.confidence.mean()),
                          "where right": float(sure.mean()), "where wrong": float(unsure.mean()),
                          "AUROC": float(mannwhitneyu(sure, unsure).statistic / len(sure) / len(unsure))}]
    flex = runs["flex", 4].set_index("uuid")
    out["errors of flex"] = sorted(flex[~flex.right].index)
    return out


def auroc():
    rng = np.random.default_rng(3)
    entries = []
    for n, m, steps in ((1, 1, 10), (5, 3, 4), (40, 60, 10), (100, 20, 1000)):
        x, y = rng.integers(0, steps + 1, n) / steps, rng.integers(0, steps + 1, m) / steps
        entries.append({"right": list(map(float, x)), "wrong": list(map(float, y)), "auroc": float(mannwhitneyu(x, y).statistic / n / m)})
    return entries


make_files()
(HERE / "analysis" / "expected.json").write_text(json.dumps(expected(), indent=1) + "\n", encoding="utf-8")
(HERE / "auroc.json").write_text(json.dumps(auroc()) + "\n", encoding="utf-8")
