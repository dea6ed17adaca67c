#!/usr/bin/env python3
"""Documents that run: executes the commands of README.md and checks the paths and links of every document.

scripts/check_readme.py [--paths] [--done COMMAND]...
Every ```sh block of README.md is run by bash from the project's root, line by line, except blocks that open with
```sh not-run. --paths runs nothing; --done names a command that was run already. The sh blocks of README.zh-CN.md
must be the same as those of README.md. Exits 1 if anything fails."""
import argparse
import glob
import os
import re
import subprocess
import sys
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
FENCE = re.compile(r"^```(\S*)[ \t]*([^\n]*)\n(.*?)^```[ \t]*$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
TICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# A ticked word is taken as a path of the project when it begins with one of its folders.
FOLDERS = ("src/", "tests/", "docs/", "scripts/", "bench/", "examples/", "fuzz/", "cmake/", ".ci/")
SECONDS_PER_COMMAND = 900


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blocks(text):
    return [(note.strip(), body) for language, note, body in FENCE.findall(text) if language == "sh"]


def missing_paths(document):
    text = FENCE.sub("", read(document))
    name = os.path.relpath(document, ROOT)
    for link in LINK.findall(text):
        if "://" not in link and not link.startswith("mailto:"):
            if not os.path.exists(os.path.join(os.path.dirname(document), link)):
                yield f"{name}: the link {link} leads nowhere"
    for word in TICKED.findall(text):
        if word.startswith(FOLDERS) and re.fullmatch(r"[\w./*-]+", word):
            if not glob.glob(os.path.join(ROOT, word)):
                yield f"{name}: names {word}, which does not exist"


def commands(body):
    """The lines of a block; a line that ends in a backslash goes on in the next."""
    joined = body.replace("\\\n", " ")
    return [re.sub(r"\s+", " ", line).strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def runs(command):
    print(f"$ {command}", flush=True)
    begun = time.monotonic()
    try:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=SECONDS_PER_COMMAND)
        problem = None if done.returncode == 0 else f"exit code {done.returncode}"
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        problem, output = f"not done after {SECONDS_PER_COMMAND} s", ""
    print(f"  {problem or 'ok'} ({time.monotonic() - begun:.1f} s)", flush=True)
    if problem:
        print("\n".join("  | " + line for line in output.splitlines()[-15:]), flush=True)
    return problem is None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", action="store_true", help="run no command")
    parser.add_argument("--done", action="append", default=[], help="a command that was run already")
    options = parser.parse_args()

    documents = glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True)
    problems = [problem for document in sorted(documents) for problem in missing_paths(document)]
    readme = blocks(read(os.path.join(ROOT, "README.md")))
    translated = blocks(read(os.path.join(ROOT, "README.zh-CN.md")))
    if [commands(body) for _, body in readme] != [commands(body) for _, body in translated]:
        problems.append("README.zh-CN.md: its sh blocks are not those of README.md")
    if not options.paths:
        for note, body in readme:
            if note != "not-run":
                problems += [f"README.md: {c}" for c in commands(body) if c not in options.done and not runs(c)]
    print("\n".join(problems) if problems else "documents: all well")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
