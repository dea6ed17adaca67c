#!/usr/bin/env python3
"""Holds the tree to its plan: a room includes only rooms below it, sources stay small, no stray paths or notes.

Run anywhere: scripts/check_layers.py [ROOT]. Prints what it finds, one line each, and exits 1 if there is anything."""
import os
import re
import subprocess
import sys

ROOMS = ["core", "flex", "text", "data", "model", "engine", "ensemble", "eval", "report", "cli"]
RANK = {room: rank for rank, room in enumerate(ROOMS)}
SOURCES = (".h", ".cc", ".cu", ".cuh", ".inc")
MAX_LINES = 600
MAX_FUNCTION_LINES = 90
SKIPPED_FOLDERS = {".git", ".chorus", "results", "__pycache__"}
# Only these may name the folder of reference data beside the project; users do not have it.
MAY_NAME_SHARED = ("run", "scripts/", "tests/", ".ci/", "bench/")

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
FUNCTION = re.compile(r"^[A-Za-z_].*\)\s*(const|noexcept|override|\s)*\{\s*$")
NOTE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")


def files(root):
    """Paths relative to root: what git tracks, or everything where there is no git."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True)
    if listed.returncode == 0:
        return sorted(path for path in listed.stdout.split("\0") if path)
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders if s not in SKIPPED_FOLDERS and not s.startswith("build")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def layers(root, path, text):
    """src/ROOM includes its own room and the rooms before it, by their full path from src/."""
    parts = path.split("/")
    if parts[0] != "src" or len(parts) < 3:
        return
    room = parts[1]
    if room not in RANK:
        yield f"{path}: '{room}' is not a room; expected one of {', '.join(ROOMS)}"
        return
    for included in INCLUDE.findall(text):
        other = included.split("/")[0]
        if other not in RANK or not os.path.isfile(os.path.join(root, "src", included)):
            yield f'{path}: includes "{included}", which is no file of a room; write its path from src/'
        elif RANK[other] > RANK[room]:
            yield f"{path}: {room} includes {other}, which stands above it"


def sizes(path, text):
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines; at most {MAX_LINES}: split it by subject"
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and FUNCTION.match(line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start > MAX_FUNCTION_LINES:
                yield f"{path}:{start}: a function of {number - start} lines; at most {MAX_FUNCTION_LINES}"
            start = None


def strays(path, text, machine_path):
    may_name_shared = path.startswith(MAY_NAME_SHARED)
    for number, line in enumerate(text.splitlines(), 1):
        if machine_path.search(line):
            yield f"{path}:{number}: a path of one machine"
        if not may_name_shared and "../shared" in line:
            yield f"{path}:{number}: names a folder that users do not have"
        if NOTE.search(line):
            yield f"{path}:{number}: {line.strip()[:80]}"


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), ".."))
    top = re.escape(root.split(os.sep)[1])
    # tmp, home and the like name no machine by themselves when the checkout happens to lie below them
    tops = "|".join(["root", r"home/\w+"] + ([] if top in ("tmp", "home", "usr", "var", "opt") else [top]))
    machine_path = re.compile(rf"(?<![\w.}})])/({tops})/")
    found = []
    for path in files(root):
        full = os.path.join(root, path)
        if not os.path.isfile(full) or os.path.getsize(full) > 2_000_000:
            continue
        try:
            with open(full, encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        if path.endswith(SOURCES):
            found += [*layers(root, path, text), *sizes(path, text)]
        found += strays(path, text, machine_path)
    print("\n".join(found) if found else "layers, sizes and paths: all well")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
