#!/usr/bin/env python3
"""What the documents show is what the program prints: scripts/check_outputs.py [--write] PROGRAM

Runs every command of COMMANDS that stands as "$ chorus ..." in a ```text block of docs/*.md, in an empty folder, and compares its standard output with
the lines below it, up to the next "$" or the block's end; a line "..." stands for any number of lines, " ..." for the rest of one. --write puts the real output in place of what is
there (only where no "..." stands). `inspect` needs the small model and is left out, visibly, where it is not on disk. Exits 1 if anything differs."""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
COMMANDS = {"mask": False, "inspect": True}  # subcommand: does it load the small model
BLOCK = re.compile(r"^```text[^\n]*\n(.*?)^```[ \t]*$", re.M | re.S)
MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf"


def examples(block):
    """(command, first line, end) of each command of a block; a backslash carries a command on."""
    lines = block.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        command, first = lines[start][2:], start + 1
        while command.endswith("\\"):
            command, first = command[:-1] + lines[first].strip(), first + 1
        yield command, first, end


def pattern_of(line, model):
    if line == "...":
        return r"(?:.*\n)*?"
    rest = ".*" if line.endswith(" ...") else ""
    pattern = re.escape(line.removesuffix("...")) if rest else re.escape(line)
    if model:  # the last digits of what a model computes are its processor's
        pattern = re.sub(r"\d+\\\.\d+", r"\\d+\\.\\d+", pattern)
    return pattern + rest + r"\n"


def agrees(shown, real, model):
    """`shown` with "..." for any lines, or for the rest of one."""
    return re.fullmatch("".join(pattern_of(line, model) for line in shown), real) is not None


def run(program, command):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, *shlex.split(command)[1:]], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return done.stdout if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr}"


def check(path, program, write):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    problems, count, pieces, at = [], 0, [], 0
    for block in BLOCK.finditer(text):
        lines = block[1].split("\n")
        for command, first, end in reversed(list(examples(block[1]))):
            words = shlex.split(command, comments=True) if command.count("'") % 2 == 0 else []
            if words[:1] != ["chorus"] or len(words) < 2 or words[1] not in COMMANDS or "|" in words:
                continue
            if COMMANDS[words[1]] and not os.path.exists(os.path.join(os.environ.get("CHORUS_HOME", ROOT + "/.chorus"), MODEL)):
                print(f"{os.path.relpath(path, ROOT)}: '{command}' skipped: the small model is not on disk")
                continue
            count += 1
            real = run(program, command)
            while end > first and lines[end - 1] == "":  # before the block's end or the next command
                end -= 1
            shown = lines[first:end]
            if agrees([line.rstrip() for line in shown], "\n".join(line.rstrip() for line in real.rstrip("\n").split("\n")) + "\n",
                      COMMANDS[words[1]]):
                continue
            if write and "..." not in shown:
                lines[first:end] = real.rstrip("\n").split("\n")
            else:
                problems.append(f"{os.path.relpath(path, ROOT)}: '{command}' prints otherwise; scripts/check_outputs.py --write PROGRAM puts it there:\n{real}")
        pieces += [text[at:block.start(1)], "\n".join(lines)]
        at = block.end(1)
    if write and "".join([*pieces, text[at:]]) != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join([*pieces, text[at:]]))
    return problems, count


def main():
    write = "--write" in sys.argv
    program = os.path.abspath(next(a for a in sys.argv[1:] if not a.startswith("--")))
    found = [check(path, program, write) for path in sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]
    problems = [problem for listed, _ in found for problem in listed]
    print("\n".join(problems) if problems else f"outputs in documents: {sum(count for _, count in found)} commands, all well")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
