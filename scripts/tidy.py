#!/usr/bin/env python3
"""clang-tidy over changed files, in parallel and within a time: scripts/tidy.py ROOT BUILD SECONDS < changed files.

A changed header is checked through the source of its name, else through one source that includes it. What is not begun
when the time is up is named and is no failure. Exits 1 if clang-tidy finds anything."""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time


def units(root, build, changed):
    """The compiled sources that show every changed file, each once, in the order given."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        compiled = {os.path.relpath(entry["file"], root) for entry in json.load(file)
                    if os.path.exists(entry["file"])}  # what the build would generate is not there
    texts = {}
    for path in changed:
        if path in compiled:
            yield path
            continue
        partner = os.path.splitext(path)[0] + ".cc"
        if partner in compiled:
            yield partner
            continue
        if not texts:
            texts = {source: open(os.path.join(root, source), encoding="utf-8").read() for source in sorted(compiled)}
        include = '#include "' + path.removeprefix("src/") + '"'
        users = [source for source, text in texts.items() if include in text]
        if users:
            yield users[0]


def tidy(root, build, unit, deadline):
    """(unit, output or None if there was no time left)."""
    if time.monotonic() > deadline:
        return unit, None
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build, "--extra-arg=-Wno-unknown-warning-option",
                           "--extra-arg=-Wno-unused-command-line-argument", os.path.join(root, unit)],
                          capture_output=True, text=True)
    return unit, done.stdout if done.returncode else ""


def main():
    root, build, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    work = list(dict.fromkeys(units(root, build, sys.stdin.read().split())))
    deadline = time.monotonic() + seconds
    seen, left = set(), []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for unit, output in pool.map(lambda unit: tidy(root, build, unit, deadline), work):
            if output is None:
                left.append(unit)
            # A finding in a header appears once for each source that includes it.
            for finding in re.split(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning):)", output or ""):
                if finding.strip() and finding not in seen:
                    seen.add(finding)
                    print(finding.replace(root + "/", ""), end="", flush=True)
    print(f"tidy: {len(work) - len(left)} sources checked, {len(seen)} findings" +
          (f"; no time left for {' '.join(left)}" if left else ""))
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
