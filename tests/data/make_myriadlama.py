"""Writes tests/data/data/myriadlama (40 hand-written items as the hub has MyriadLAMA: a Parquet file, a row a template), saved_webqa and
saved_own (data sets saved to disk), and myriadlama.json: what Python makes of them. Phrasings by random.Random, groups by pandas, splits
by datasets.Dataset.train_test_split (numpy). Run once with a Python that has datasets and pandas:
python tests/data/make_myriadlama.py"""
import hashlib
import json
import pathlib
import random
import shutil

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

OUT = pathlib.Path(__file__).parent / "data"

RELATIONS = {
    "P36": {
        "manual": [
            "The capital of [X] is [Y].", "[Y] is the capital of [X].", "[X]'s capital is [Y].",
            "The capital city of [X] is [Y].", "[X] has its capital in [Y].",
        ],
        "auto": [
            "[X] is governed from [Y].", "The government of [X] sits in [Y].", "[Y] serves as [X]'s capital.",
            "The seat of government of [X] is [Y].", "In [X], the capital is [Y].", "[Y] is [X]'s capital city.",
            "The parliament of [X] meets in [Y].", "[X], whose capital is [Y].", "[Y] is where [X] is governed from.",
            "The city of [Y] is the capital of [X].", "[X] chose [Y] as its capital.", "[Y], the capital of [X].",
            "As its capital, [X] has [Y].", "[X] counts [Y] as its capital.", "The first city of [X] by law is [Y].",
            "[Y] hosts the government of [X].", "[X] made [Y] its capital.", "The capital that [X] has is [Y].",
        ],
        "facts": [
            ("Peru", ["Lima"]), ("Japan", ["Tokyo", "Tokio"]), ("Kenya", ["Nairobi"]), ("Norway", ["Oslo"]),
            ("Egypt", ["Cairo"]), ("Canada", ["Ottawa"]), ("Portugal", ["Lisbon", "Lisboa"]), ("Cuba", ["Havana"]),
            ("Poland", ["Warsaw"]), ("Fiji", ["Suva"]),
        ],
    },
    "P30": {
        "manual": [
            "[X] is located in [Y].", "[X] is in [Y].", "[X] belongs to the continent of [Y].",
            "[X] is a part of [Y].", "The continent of [X] is [Y].",
        ],
        "auto": [
            "[X] lies on the continent [Y].", "[Y] is the continent where [X] is.", "On the map, [X] is in [Y].",
            "[Y] contains [X].", "You find [X] in [Y].", "[X] is one of the places of [Y].",
        ],
        "facts": [
            ("Chad", ["Africa"]), ("Laos", ["Asia"]), ("Chile", ["South America", "America"]), ("Spain", ["Europe"]),
            ("Mount Erebus", ["Antarctica"]), ("Mali", ["Africa"]), ("Nepal", ["Asia"]), ("Haiti", ["North America"]),
            ("Ross Island", ["Antarctica"]), ("Latvia", ["Europe"]),
        ],
    },
    "P37": {
        "manual": [
            "The official language of [X] is [Y].", "[Y] is the official language of [X].", "In [X], the official language is [Y].",
            "[X] has [Y] as its official language.", "[X]'s official language is [Y].",
        ],
        "auto": [
            "Laws in [X] are written in [Y].", "[Y] is spoken officially in [X].", "[X] officially speaks [Y].",
            "The state of [X] uses [Y].", "Offices in [X] write [Y].", "In the schools of [X], one learns [Y].",
            "[Y] is the language of [X].", "[X] is a country of [Y] speakers.", "To live in [X], learn [Y].",
        ],
        "facts": [
            ("Brazil", ["Portuguese"]), ("Iran", ["Persian", "Farsi"]), ("Austria", ["German"]), ("Mexico", ["Spanish"]),
            ("Iceland", ["Icelandic"]), ("Thailand", ["Thai"]), ("Romania", ["Romanian"]), ("Sweden", ["Swedish"]),
            ("Libya", ["Arabic"]), ("Greece", ["Greek"]),
        ],
    },
    "P50": {
        "manual": [
            "The author of [X] is [Y].", "[X] was written by [Y].", "[Y] wrote [X].", "[X] is a work of [Y].",
            "[X] was created by the writer [Y].",
        ],
        "auto": [
            "[Y] is the author of [X].", "The book [X] is by [Y].", "[X] came from the pen of [Y].",
            "[Y] published [X].", "Readers owe [X] to [Y].",
        ],
        "facts": [
            ("Hamlet", ["William Shakespeare", "Shakespeare"]), ("Emma", ["Jane Austen"]), ("Faust", ["Goethe"]),
            ("Ulysses", ["James Joyce"]), ("Dracula", ["Bram Stoker"]), ("Walden", ["Henry David Thoreau"]),
            ("Candide", ["Voltaire"]), ("Middlemarch", ["George Eliot"]), ("The Trial", ["Franz Kafka"]),
            ("Don Quixote", ["Miguel de Cervantes", "Cervantes"]),
        ],
    },
}


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def rows():
    """Template by template over all facts, so that the rows of one item lie apart."""
    for relation, parts in RELATIONS.items():
        templates = [(t, True) for t in parts["manual"]] + [(t, False) for t in parts["auto"]]
        for template, is_manual in templates:
            for subject, answers in parts["facts"]:
                yield {"uuid": md5(subject)[:15] + "-" + md5(answers[0])[:15], "rel_uri": relation, "sub_ent": subject,
                       "obj_aliases": answers, "template": template, "is_manual": is_manual}


def phrasings(item):
    """The first five by people, then a draw of the others."""
    drawn = random.Random(item["uuid"]).sample(item["auto"], min(15, len(item["auto"])))
    return item["manual"][:5] + drawn


def items_of(table):
    items = []
    for uuid, group in table.groupby("uuid"):
        texts = [t.replace("[X]", s).replace("[Y]", "[MASK]") for t, s in zip(group["template"], group["sub_ent"])]
        items.append({"uuid": uuid, "relation": group.iloc[0]["rel_uri"], "answers": list(group.iloc[0]["obj_aliases"]),
                      "manual": [t for t, m in zip(texts, group["is_manual"]) if m],
                      "auto": [t for t, m in zip(texts, group["is_manual"]) if not m]})
    return items


def split(items, test_size):
    """The library's own split of as many rows, by place."""
    parts = datasets.Dataset.from_dict({"place": list(range(len(items)))}).train_test_split(test_size=test_size, seed=42, shuffle=True)
    return [items[i] for i in parts["test"]["place"]], [items[i] for i in parts["train"]["place"]]


def examples_of(train):
    random.seed(42)
    return [train[i] for i in random.sample(range(len(train)), 5)]


def digest(items):
    """As tests/data/dataset_reference_test.cc digests a data set."""
    texts = []
    for item in items:
        parts = [item["uuid"]] + ["\x1f" + p for p in phrasings(item)] + ["\x1f\x1e"]
        parts += ["\x1f" + a for a in item["answers"]] + ["\x1f\x1e", "\x1frelation=" + item["relation"]]
        texts.append("".join(parts))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def reference(items, test_size):
    test, train = split(items, test_size)
    return {
        "count": len(test), "sha256": digest(test), "last": test[-1]["uuid"],
        "first": [{"uuid": i["uuid"], "paraphrases": phrasings(i), "answers": i["answers"]} for i in test[:3]],
        "examples": [{"question": i["manual"][0], "answer": i["answers"][0], "paraphrases": phrasings(i)}
                     for i in examples_of(train)],
        "instruction": "Predict the [MASK] in the sentence in one word.",
    }


def whole_set():
    """As many items as a draw of 2000 needs, too many to write down; the test makes the same."""
    return [{"uuid": md5(str(i)), "relation": f"P{i % 7}", "answers": [f"a{i}"], "manual": [f"s{i} m{t} [MASK]" for t in range(5)],
             "auto": [f"s{i} t{t} [MASK]" for t in range(i % 40)]} for i in range(2345)]


def draws():
    """Phrasings drawn for a question: which places of `manual` + `auto` phrasings."""
    found = []
    for seed, uuid, manual, auto, m, a, s in [
            (0, "q1", 5, 15, 5, 5, 5), (0, "q2", 5, 15, 5, 5, 5), (7, "q1", 5, 15, 5, 5, 5), (7, "5d09424876ba7f4-15e8746c51e1d4c", 5, 15, 0, 10, 4),
            (123456789012, "é東", 3, 2, 5, 5, 5), (1, "q", 5, 0, 3, 5, 2), (2, "q", 1, 40, 1, 30, 31), (3, "q", 30, 40, 30, 30, 6)]:
        r = random.Random(f"{seed}:{uuid}")
        first, rest = list(range(manual)), list(range(manual, manual + auto))
        pool = r.sample(first, min(m, manual)) + r.sample(rest, min(a, auto))
        found.append({"seed": seed, "uuid": uuid, "manual": manual, "auto": auto, "num_manual": m, "num_auto": a,
                      "num_samples": s, "chosen": r.sample(pool, min(s, len(pool)))})
    return found


def save(path, parts):
    shutil.rmtree(path, ignore_errors=True)
    parts.save_to_disk(path)
    for info in path.rglob("dataset_info.json"):  # holds nothing that is read
        info.unlink()


def saved():
    columns = ["uuid", "question", "answers", "paraphrase0", "paraphrase1", "paraphrase2"]
    test = [("who wrote it?", ["A", "a"]), ("what is it?", ["B"])]
    rows = [dict(zip(columns, [md5(q), q, a, q, q + " (1)", q + " (2)"])) for q, a in test]
    train = [{"question": f"t{i}?", "answers": [f"x{i}"]} for i in range(6)]
    save(OUT / "saved_webqa", datasets.DatasetDict({"test": datasets.Dataset.from_list(rows), "train": datasets.Dataset.from_list(train)}))
    own = datasets.Dataset.from_list([{"id": f"q{i}", "paraphrases": [f"p{i}?", f"r{i}?"], "answers": [f"a{i}"], "kind": "k"} for i in range(3)])
    save(OUT / "saved_own", own)


def main():
    table = pd.DataFrame(rows())
    folder = OUT / "myriadlama" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    pa.parquet.write_table(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None),
                           folder / "train-00000-of-00001.parquet", compression="snappy")
    items = items_of(table)
    whole = sorted(whole_set(), key=lambda item: item["uuid"])
    vectors = {"source": "CPython random, pandas, datasets.train_test_split (numpy)",
               "small": reference(items, len(items) - 5), "whole": reference(whole, 2000), "draws": draws()}
    (OUT / "myriadlama.json").write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n")
    saved()


main()
