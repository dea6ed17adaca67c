#!/usr/bin/env python3
"""The accuracy tables of docs/results.md: every method, layout, cue, position and separator scope, as Markdown.

    scripts/accuracy_table.py --output results/table            # about an hour on two cores; resumable
    scripts/accuracy_table.py --output results/table --samples 50 --program build/chorus

Each run is one `chorus generate`; runs that are finished already are read, not repeated. Needs ../shared/data/pararel
for the ParaRel part (give another place with --pararel), and nothing for the built-in questions.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELATIONS = "P36,P19,P20,P37,P106,P101,P176,P495,P740,P27"


def runs(controls):
    """(name, options) of every row of the table; with the causal controls, which share nothing and are slow."""
    for method in ("origin", "per_prompt", "avg", "max"):
        yield method, ["--method", method]
    for cue, positions, scope in itertools.product(("own", "fused"), ("sequential", "aligned"), ("none", "own")):
        yield (f"flex concat, cue {cue}, {positions}, scope {scope}",
               ["--method", "flex", "--layout", "concat", "--cue", cue, "--positions", positions, "--separator-scope", scope])
    for cue, positions in itertools.product(("own", "fused"), ("sequential", "aligned")):
        yield f"flex shared, cue {cue}, {positions}", ["--method", "flex", "--layout", "shared", "--cue", cue, "--positions", positions]
    for layout in ("causal-concat", "causal-shared") if controls else ():
        yield f"flex {layout}, cue own, sequential (control)", ["--method", "flex", "--layout", layout, "--cue", "own"]


def table(title, program, dataset, output, controls):
    print(f"\n### {title}\n\n| method | accuracy | n | 95 % interval |\n|---|---:|---:|---|", flush=True)
    for name, options in runs(controls):
        command = [*program, "generate", *dataset, *options, "--num-paraphrases", "5", "--output-dir", str(output), "--quiet", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}")
        row = json.loads(done.stdout)[0]
        print(f"| {name} | {row['accuracy']:.3f} | {row['n']} | {row['lower']:.3f} to {row['upper']:.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder of the result files")
    parser.add_argument("--program", default=str(ROOT / "run"), help="the chorus program; default: ./run chorus")
    parser.add_argument("--pararel", type=pathlib.Path, default=ROOT.parent / "shared" / "data" / "pararel")
    parser.add_argument("--samples", type=int, default=500, help="ParaRel questions")
    arguments = parser.parse_args()
    program = [arguments.program, "chorus"] if arguments.program.endswith("/run") else [arguments.program]
    table("The built-in questions", program, ["--dataset", "builtin"], arguments.output, controls=True)
    if arguments.pararel.is_dir():
        table(f"ParaRel, {arguments.samples} questions of {RELATIONS.count(',') + 1} relations", program,
              ["--dataset", "pararel", "--data", str(arguments.pararel), "--relations", RELATIONS, "--max-samples", str(arguments.samples)],
              arguments.output, controls=False)


main()
