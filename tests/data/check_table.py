"""Reads a Feather and a CSV file that chorus wrote with pyarrow and Python's csv module and compares both with rows
given as JSON: check_table.py FEATHER CSV ROWS TYPES. Prints what differs; exit status 1 if anything does."""
import csv
import json
import sys

import pyarrow.feather


def csv_value(text, expected):
    if isinstance(expected, bool):
        return {"true": True, "false": False}[text]
    if isinstance(expected, int):
        return int(text)
    if isinstance(expected, float):
        return float(text)
    if isinstance(expected, list):
        return json.loads(text)
    return None if text == "" and expected is None else text


def main():
    feather, csv_file, rows_file, types_file = sys.argv[1:]
    rows, types = json.load(open(rows_file)), json.load(open(types_file))
    problems = []
    table = pyarrow.feather.read_table(feather, memory_map=False)
    found_types = {field.name: str(field.type).replace("item: ", "") for field in table.schema}
    if found_types != types:
        problems.append(f"types {found_types}, expected {types}")
    floats = {name for name, type_ in types.items() if "float" in type_}
    widen = lambda v: [widen(x) for x in v] if isinstance(v, list) else v and pyarrow.scalar(v, "float32").as_py()
    expected = [{k: widen(v) if k in floats and v is not None else v for k, v in row.items()} for row in rows]
    if table.to_pylist() != expected:
        problems.append(f"Feather rows {table.to_pylist()}, expected {expected}")
    with open(csv_file, newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    csv_rows = [{k: csv_value(row[k], e[k]) for k in e} for row, e in zip(found, rows)]
    csv_rows = [{k: widen(v) if k in floats and v is not None else v for k, v in row.items()} for row in csv_rows]
    if len(found) != len(rows) or csv_rows != expected:
        problems.append(f"CSV rows {csv_rows}, expected {expected}")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
