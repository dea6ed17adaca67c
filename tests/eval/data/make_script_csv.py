#!/usr/bin/env python3
"""Makes script_csv/ beside this file: results as CSV alone, in which lists stand as Python prints them, as the published scripts leave them.
Needs pandas and pyarrow.

script_csv/set/m/: the files of analysis/ (make_analysis.py), read from Feather and written again with DataFrame.to_csv; what is said of them must be the same.
script_csv/scripts/tiny/: made-up rows under the columns, types and names of the scripts' own files; rows.json has what they hold."""
import json
import pathlib

import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "script_csv"


def as_list(value):
    return [as_list(item) for item in value] if hasattr(value, "tolist") or isinstance(value, list) else value


def write(rows, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(file, index=False)


def copy_analysis():
    folder = HERE / "analysis" / "set" / "m"
    for file in sorted(folder.rglob("*.feather")):
        table = pd.read_feather(file)
        for column in table:
            table[column] = table[column].map(as_list)
        write(table, OUT / "set" / "m" / file.relative_to(folder).with_suffix(".csv"))


PHRASINGS = [("[MASK] is where the zorb is kept.", "The zorb's home is [MASK]."), ("What's the \"kelp\" of [MASK]?", "A kelp — of [MASK] — it is."),
             ("Vimo lies in\t[MASK].", "C:\\vimo is [MASK]'s."), ("Über [MASK] 東京 🙂", "'[MASK]'")]
ANSWERS = [["Tarn", "the Tarn", "l'tarn"], ["blon"], ['"quib"', "quib, the"], ["zorb 🇳🇴", "München"]]
PREDICTIONS = ["tarn", "no idea", "quib, the first", ""]
GENERATIONS = ["tarn\n\nQ: The [MASK] of the", "no idea", " quib, the first\n", ""]
PREDICT_LEMMAS = [["tarn"], ["no", "idea"], ["quib", ",", "the", "first"], []]
ANSWER_LEMMAS = [[["tarn"], ["the", "tarn"], ["l'tarn"]], [["blon"]], [['"', "quib", '"'], ["quib", ",", "the"]], [["zorb", "🇳", "🇴"], ["münchen"]]]


def prompt(phrasing):
    return f"Based on the context, predict the [MASK] in the sentence in one word.\n\nQ: A [MASK] tarn.\nA: zorb\n\nQ: {phrasing}\nA:"


def script_rows(tuples):
    kind = tuple if tuples else list
    return [{"uuid": f"5d09424876ba7f4-{i:015x}", "answers": ANSWERS[i], "prediction": PREDICTIONS[i], "generation": GENERATIONS[i], "correctness": None,
             "paraphrases": kind(PHRASINGS[i]), "prompts": kind(prompt(p) for p in PHRASINGS[i]), "predict_lemma": PREDICT_LEMMAS[i],
             "answer_lemmas": ANSWER_LEMMAS[i]} for i in range(len(ANSWERS))]


def main():
    copy_analysis()
    folder = OUT / "scripts" / "tiny"
    write(script_rows(tuples=True), folder / "ensemble_avg-m5a5s2.csv")
    write(script_rows(tuples=False), folder / "ensemble_max-2.csv")
    synced = [{**row, "prompts": [[p] for p in row["prompts"]]} for row in script_rows(tuples=False) for _ in range(2)]
    write(synced, folder / "syncedsample_ensemble_avg-2paras-2samples.csv")
    rows = [{**row, "prediction": row["prediction"] or None, "generation": row["generation"] or None} for row in script_rows(tuples=False)]
    (OUT / "rows.json").write_text(json.dumps(rows, indent=0) + "\n", encoding="ascii")


main()
