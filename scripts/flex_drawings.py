#!/usr/bin/env python3
"""The drawings of docs/flex.md: scripts/flex_drawings.py [--write] docs/flex.md build/examples/example_draw_masks

Fails, and says how to put it right, when the drawings are not what the program prints; --write puts them in."""
import difflib
import subprocess
import sys

BEGIN, END = "<!-- drawings -->\n```text\n", "```\n<!-- end of drawings -->\n"
write = "--write" in sys.argv
document, program = [a for a in sys.argv[1:] if a != "--write"]
drawn = subprocess.run([program], capture_output=True, text=True, check=True).stdout
text = open(document, encoding="utf-8").read()
begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
if text[begin:end] == drawn:
    sys.exit(0)
if write:
    with open(document, "w", encoding="utf-8") as file:
        file.write(text[:begin] + drawn + text[end:])
    sys.exit(0)
print("".join(difflib.unified_diff(text[begin:end].splitlines(True), drawn.splitlines(True), document, program)))
sys.exit(f"{document}: the drawings are not current; scripts/flex_drawings.py --write {document} {program}")
