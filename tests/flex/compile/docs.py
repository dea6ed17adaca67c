#!/usr/bin/env python3
"""docs.py SOURCE COMPILER [OPTION...]: the C++ of docs/flex.md and the examples in the headers of flex compile as they stand.

What is marked as cuda needs nvcc and is left out. Each example is a block of its own after the names below, which stand for what a reader has at hand;
one with a main is a file of its own."""
import glob
import os
import re
import subprocess
import sys

AT_HAND = """
#include <array>
#include <cmath>
#include <span>
#include <vector>
#include "flex/attention.h"
#include "flex/merge.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "flex/softmax_state.h"
using namespace chorus;
using namespace chorus::flex;
extern core::ThreadPool pool;
extern const View<const float> q, k, v, last_row, half_of_k, half_of_v, block_rows, row, left_view, right_view;
extern const View<float> out, out_row, left, right;
extern const std::span<LogSumExp> lse, left_lse, right_lse;
extern const std::span<float> mass;
extern const std::span<const AttentionPart> parts;
extern const Index n, length, heads, reach, finished, prompt_length, free_from, b, h, row_block, batch, q_heads, rows;
extern const Index* device_ids;
extern const float *q_data, *k_data;
extern const std::vector<unsigned char> bytes;
extern const std::vector<Index> segment_of, ids;
extern const std::vector<float> value, other_value;
extern const std::size_t dim;
extern const float score, other_score;
inline constexpr auto mine = [](Index, Index, Index, Index) { return true; };
"""
# What an example takes for granted, by a word of it that it does not declare.
GIVEN = {
    "runs": "const Runs runs(ids);",
    "relation": "const SegmentRelation relation(segment_of, 3, {}, free_from);",
    "mod": "const auto mod = causal();",
    "blocks": "const auto blocks = BlockMask::make(causal(), {.q_length = n, .kv_length = n});",
}


def examples(source):
    """(where, text) of each example."""
    document = open(os.path.join(source, "docs/flex.md"), encoding="utf-8").read()
    for number, text in enumerate(re.findall(r"^```cpp\n(.*?)^```", document, re.M | re.S), 1):
        yield f"docs/flex.md, example {number}", text
    for path in sorted(glob.glob(os.path.join(source, "src/flex/mods/*.h")) +
                       [os.path.join(source, "src/flex", name) for name in HEADERS]):
        head = re.match(r"(?://.*\n)+", open(path, encoding="utf-8").read()).group(0)
        yield os.path.relpath(path, source), "".join(line[5:] for line in head.splitlines(True) if line.startswith("//   "))


HEADERS = ["block_mask.h", "captured.h", "combine.h", "merge.h", "mod.h", "options.h", "reference.h", "runs.h", "softmax_state.h", "structure.h", "view.h"]
def compiled(source, command, program):
    """What the compiler says of it, and whether it took it."""
    done = subprocess.run(command + ["-std=c++20", "-fsyntax-only", "-Wno-unused", "-I", os.path.join(source, "src"), "-xc++", "-"],
                          input=program, capture_output=True, text=True)
    return done.stderr, done.returncode == 0


source, command = sys.argv[1], sys.argv[2:]
program, count, whole = AT_HAND, 0, []
for where, text in examples(source):
    if "int main()" in text:
        whole.append(f'#line 1 "{where}"\n{text}')
        continue
    text = re.sub(r"\.\.\.\s*$", ";", re.sub(r"\s*//.*", "", text), flags=re.M)
    given = "".join(line for word, line in GIVEN.items()
                    if re.search(rf"\b{word}\b", text) and not re.search(rf"\b(auto|Runs|SegmentRelation|Mask) {word}\b", text))
    count += 1
    program += f'void example_{count}() {{\n{given}\n#line 1 "{where}"\n{text}\n}}\n'
said = [compiled(source, command, text) for text in [program, *whole]]
print("".join(text for text, _ in said) or f"{count + len(whole)} examples compile")
sys.exit(0 if all(good for _, good in said) else 1)
