#!/usr/bin/env python3
"""The tables of docs/results.md that come from sweeps/smollm2.yaml, as Markdown on standard output.

    chorus sweep sweeps/smollm2.yaml
    scripts/sweep_tables.py results/smollm2 > tables.md            # --program build/chorus

All numbers are those of `chorus analyze --format json`; nothing is computed here."""
import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETTINGS = "cue=fused,layout=shared,positions=aligned"  # of flex where no layout is named
DEFAULT = f"flex ({SETTINGS})"
NAMES = {"builtin": "The built-in questions", "webqa": "WebQuestions", "pararel": "ParaRel"}


def analyze(program, folder, dataset, *options):
    """Tables by name, each a list of rows; [0] for a data set is one model's."""
    command = [program, "analyze", "--output-dir", folder, "--dataset", dataset, "--format", "json", *options]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)[0]


def table(columns, rows):
    """Markdown; words to the left, numbers to the right."""
    if not rows:
        return
    numbers = [any(c.isdigit() for c in cell) or cell == "-" for cell in rows[0]]
    print("| " + " | ".join(columns) + " |\n|" + "".join("---:|" if n else "---|" for n in numbers))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def p_value(value):
    return "-" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval(row):
    return f"{row['lower']:.3f} to {row['upper']:.3f}"


def label(method):
    return method.replace(SETTINGS, "default layout")


def by_method(rows):
    return {row["method"]: row for row in rows}


def methods_table(found, keep):
    against = by_method(found["comparison"])
    rows = []
    for row in found["accuracy"]:
        if not keep(row["method"]):
            continue
        other = against.get(row["method"], {})
        rows.append([label(row["method"]), number(row["accuracy"]), str(row["n"]), interval(row),
                     "-" if not other else f"{other['difference']:+.3f}", "-" if not other else
                     f"{other['only it']} / {other['only baseline']}", p_value(other.get("p (McNemar)")),
                     p_value(other.get("p (Holm)"))])
    table(["method", "accuracy", "n", "95 % interval", "over `origin`", "only it / only `origin`", "p", "p (Holm)"], rows)


def options_table(found):
    """Every flex run by its options; a result's name leaves out those of the published prompt."""
    published = {"layout": "concat", "cue": "own", "positions": "sequential", "calibration": "none"}
    against, rows = by_method(found["comparison"]), []
    for row in found["accuracy"]:
        name, _, tags = row["method"].rstrip(")").partition(" (")
        words = tags.split(",") if tags else []
        other = against.get(row["method"])
        if name != "flex" or other is None or any("=" not in word for word in words):
            continue  # with a word of --tag it is a run of its own kind
        options = published | dict(word.split("=") for word in words)
        rows.append([options[key] for key in published] +
                    [number(row["accuracy"]), interval(row), f"{other['difference']:+.3f}", p_value(other["p (Holm)"])])
    table([*published, "accuracy", "95 % interval", "over `origin`", "p (Holm)"], sorted(rows, key=lambda row: row[:4]))


def plain(method):
    """A method as it comes: no option that changes the prompt."""
    return method != "flex" and "(" not in method or method.endswith(f"flex ({SETTINGS})")


def sizes_table(found):
    accuracy = {(row["method"], row["N"]): row for row in found["sizes"]}
    sizes = sorted({n for method, n in accuracy if method == "avg"})
    table(["method"] + [f"N = {n}" for n in sizes],
          [[label(method)] + [number(accuracy[method, n]["accuracy"]) for n in sizes] for method in ("avg", DEFAULT)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", help="the folder that the sweep wrote")
    parser.add_argument("--program", default=str(ROOT / "build" / "chorus"))
    args = parser.parse_args()
    for dataset, name in NAMES.items():
        cluster = ["--cluster", "relation"] if dataset == "pararel" else []
        found = analyze(args.program, args.results, dataset, "--compare-all", *cluster)
        print(f"### {name}\n")
        methods_table(found, plain)
        if dataset != "builtin":
            sizes_table(found)
        if dataset == "webqa":
            options_table(found)
        if found.get("confidence"):
            columns = list(found["confidence"][0])
            table(columns, [[str(number(v) if isinstance(v, float) else v) for v in row.values()] for row in found["confidence"]])


if __name__ == "__main__":
    main()
