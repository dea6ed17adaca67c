#!/usr/bin/env python3
"""headers.py each|together SOURCE COMPILER [OPTION...]: flex's headers compile, each by itself or all in one file, without a
warning, and include no CUDA header."""
import concurrent.futures
import os
import re
import subprocess
import sys

how, source, command = sys.argv[1], sys.argv[2], sys.argv[3:]
folder = os.path.join(source, "src", "flex")
headers = sorted(os.path.relpath(os.path.join(where, name), os.path.join(source, "src"))
                 for where, _, names in os.walk(folder) if os.path.basename(where) != "cuda"
                 for name in names if name.endswith(".h") and not name.endswith("-inl.h"))


def includes_cuda(header):
    text = open(os.path.join(source, "src", header), encoding="utf-8").read()
    return re.search(r'#\s*include\s*[<"](cuda|cublas|cute/|cutlass/|device_launch)', text)


def check(some):
    done = subprocess.run(command + ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                                     "-Werror", "-Wno-missing-field-initializers", "-I", os.path.join(source, "src"), "-xc++", "-"],
                          input="".join(f'#include "{header}"\n' for header in some), capture_output=True, text=True)
    return f"{', '.join(some)}:\n{done.stderr}" if done.returncode else None


failures = [f"{header}: includes a CUDA header" for header in headers if includes_cuda(header)]
with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
    failures += [f for f in pool.map(check, [[h] for h in headers] if how == "each" else [headers]) if f]
print("\n".join(failures) or f"{len(headers)} headers compile with {command[0]}, {how}")
sys.exit(1 if failures else 0)
