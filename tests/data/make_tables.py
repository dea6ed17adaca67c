"""Writes tests/data/data/tables: one small table in every format chorus reads, by pyarrow and Python's csv module, and
what is in it as JSON. Run once with a Python that has pyarrow: python tests/data/make_tables.py"""
import csv
import datetime
import json
import pathlib

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

OUT = pathlib.Path(__file__).parent / "data" / "tables"

COLUMNS = {
    "uuid": (pa.string(), ["007", "", None, "naïve 東京 🙂", 'quo"te,comma\nand line']),
    "large": (pa.large_string(), ["a", "b", "c", None, "\r\n"]),
    "kind": (pa.dictionary(pa.int8(), pa.string()), ["x", "y", "x", None, "y"]),
    "small": (pa.int32(), [0, -1, 2**31 - 1, None, -(2**31)]),
    "unsigned": (pa.uint64(), [0, 1, 2**63 - 1, None, 5]),
    "big": (pa.int64(), [-(2**63), 2**63 - 1, 0, None, 1]),
    "half": (pa.float16(), [0.5, -2.0, 65504.0, None, 0.0]),
    "single": (pa.float32(), [0.1, -2.0, 3.4e38, None, 0.0]),
    "logprob": (pa.float64(), [0.1, -1e-300, 1 / 3, None, 12345678.9]),
    "flag": (pa.bool_(), [True, False, None, True, False]),
    "day": (pa.date32(), [datetime.date(2025, 10, 15), None, datetime.date(1970, 1, 1), None, None]),
    "answers": (pa.list_(pa.string()), [["Paris", "paris"], [], None, ["a, \"b\""], [""]]),
    "coded": (pa.list_(pa.dictionary(pa.int8(), pa.string())), [["u", "v"], [], None, ["v"], ["u"]]),
    "more": (pa.large_list(pa.large_string()), [["p"], ["q", "r"], [], None, ["東"]]),
    "weights": (pa.list_(pa.float32()), [[0.2, 0.8], [], None, [1 / 3], [1e-30]]),
    "pair": (pa.list_(pa.float64(), 2), [[0.1, 0.2], [1e300, -0.0], None, [None, 1.0], [2.0, 3.0]]),
    "counts": (pa.list_(pa.int16()), [[1, 2], [], None, [-3], [4]]),
    "lemmas": (pa.list_(pa.list_(pa.string())), [[["the", "beatles"], []], [], None, [["x"]], [[], []]]),
    "share": (pa.list_(pa.list_(pa.float32())), [[[0.25, 0.75], [0.1, 0.9]], [], None, [[]], [[1.0]]]),
    "nested": (pa.list_(pa.list_(pa.float64())), [[[0.1]], [], None, [[1.0, 2.0]], [[]]]),
    "nothing": (pa.null(), [None] * 5),
}
IN_CSV = ["uuid", "small", "logprob", "flag", "answers", "weights", "lemmas", "share"]


def as_json(value):
    return value.isoformat() if isinstance(value, datetime.date) else value


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: pa.array(values, type=type_) for name, (type_, values) in COLUMNS.items()})
    # Two batches: readers must join chunks (and dictionaries that differ between them).
    table = pa.concat_tables([table.slice(0, 2), table.slice(2)])
    pa.feather.write_feather(table, OUT / "zoo.feather", compression="uncompressed")
    pa.feather.write_feather(table, OUT / "zoo_lz4.feather", compression="lz4")
    pa.feather.write_feather(table, OUT / "zoo_zstd.feather", compression="zstd")
    pa.parquet.write_table(table, OUT / "zoo.parquet", row_group_size=3)
    with pa.ipc.new_stream(OUT / "zoo.arrow", table.schema) as stream:
        stream.write_table(table)
    rows = [{name: as_json(value) for name, value in row.items()} for row in table.to_pylist()]
    (OUT / "zoo.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    write_csv(rows)
    pa.feather.write_feather(pa.table({"s": pa.array([{"a": 1}])}), OUT / "struct.feather", compression="uncompressed")
    nulls = pa.table({"answers": pa.array([["a", None]])})
    pa.feather.write_feather(nulls, OUT / "null_inside.feather", compression="uncompressed")
    write_bad_rows()


def write_bad_rows():
    """Questions of which all but the first and the last cannot be used, as pandas leaves them: nulls where NaN was."""
    rows = [("q1", ["p"], ["a"]), ("q2", ["p", None], ["a"]), ("q3", ["p"], None), ("q4", ["p"], [None]), ("q1", ["p"], ["a"]),
            ("q6", ["p"], ["a"])]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(["id", "paraphrases", "answers"])}
    pa.feather.write_feather(pa.table(columns), OUT / "bad_rows.feather", compression="uncompressed")
    texts = pa.table({"id": ["q1"], "paraphrases": [["p"]], "answers": ["Paris"]})
    pa.parquet.write_table(texts, OUT / "answers_text.parquet")


def csv_cell(value):
    if value is None:
        return None
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def write_csv(rows):
    with open(OUT / "zoo.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(IN_CSV)
        for row in rows:
            # Python 3.11's csv writes null and the empty string alike, so the empty uuid of row 1 reads as null.
            writer.writerow([csv_cell(row[name]) for name in IN_CSV])


main()
