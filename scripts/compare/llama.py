#!/usr/bin/env python3
"""Holds what compare_perplexity measured against llama.cpp on the same GGUF. Called by scripts/compare/llama.

    llama.py MODEL.gguf f32.json bf16.json

llama.cpp runs twice: as it is (activations of its quantised products are rounded to 8 bits, keys and values are f16)
and on the same weights written out as f32 with f32 keys and values, which tells rounding from error."""
import ctypes
import json
import os
import sys
import tempfile

import llama_cpp
import numpy as np

WINDOW_LIMIT = 2048
TOLERANCE = 0.01


def as_f32(model, folder):
    """The same weights, dequantised, as a GGUF."""
    path = os.path.join(folder, "f32.gguf")
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = llama_cpp.LLAMA_FTYPE_ALL_F32
    params.allow_requantize = True
    if llama_cpp.llama_model_quantize(model.encode(), path.encode(), ctypes.byref(params)) != 0:
        sys.exit(f"llama.cpp could not write {model} as f32")
    return path


def open_model(path, f32_cache):
    cache = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32} if f32_cache else {}
    return llama_cpp.Llama(model_path=path, n_ctx=WINDOW_LIMIT, n_batch=512, n_threads=2, n_threads_batch=2,
                           logits_all=True, verbose=False, **cache)


def log_softmax(rows):
    rows = rows.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))


def rows_of(model, ids):
    """Logits after every token, [len(ids)][vocab]."""
    model.reset()
    model.eval(ids)
    return np.array(model.scores[: len(ids)])


def measure(model, reference):
    """The same positions as chorus measured: texts' nll and top, prompts' top and margin."""
    texts = []
    for text in reference["texts"]:
        ids, nll, top = text["ids"], [], []
        for begin in range(0, len(ids), text["window"]):
            window = ids[begin : begin + text["window"]]
            rows = rows_of(model, window)[:-1]
            nll += list(-log_softmax(rows)[np.arange(len(rows)), window[1:]])
            top += list(rows.argmax(axis=1))
        texts.append({"nll": nll, "top": top})
    prompts = []
    for prompt in reference["prompts"]:
        last = rows_of(model, prompt["ids"])[-1]
        second, first = np.sort(last)[-2:]
        prompts.append({"top": int(last.argmax()), "margin": float(first - second)})
    return {"texts": texts, "prompts": prompts}


def check_ids(model, reference):
    """Both tokenizers give the same ids."""
    equal = total = 0
    for entry in [*reference["texts"], *reference["prompts"]]:
        text = entry.get("text")
        if text is None:
            with open(entry["file"], encoding="utf-8", newline="") as file:
                text = file.read()
        total += 1
        equal += model.tokenize(text.encode(), add_bos=False, special=False) == entry["ids"]
    print(f"tokenizers: {equal} of {total} texts and prompts have the same ids")


def agreement(ours, theirs):
    return f"{np.mean(np.array(ours) == np.array(theirs)):.1%}"


def compare_texts(names, runs, reference, columns):
    worst = 0.0
    print("\n| text | tokens | run | perplexity | against llama.cpp | mean change of a token's nll | top-1 as llama.cpp |")
    print("|---|---|---|---|---|---|---|")
    for i, text in enumerate(reference["texts"]):
        peer = runs[columns[0]]["texts"][i]
        for name in names:
            own = runs[name]["texts"][i]
            ppl, base = np.exp(np.mean(own["nll"])), np.exp(np.mean(peer["nll"]))
            if name.startswith("chorus"):
                worst = max(worst, abs(ppl / base - 1))
            change = np.mean(np.abs(np.array(own["nll"]) - np.array(peer["nll"])))
            print(f"| {os.path.basename(text['file'])} | {len(own['nll'])} | {name} | {ppl:.4f} | {ppl / base - 1:+.3%} "
                  f"| {change:.4f} | {agreement(own['top'], peer['top'])} |")
    return worst


def compare_prompts(names, runs, columns):
    print(f"\n| top-1 after {len(runs[names[0]]['prompts'])} prompts | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    tops = {name: [p["top"] for p in runs[name]["prompts"]] for name in names}
    for name in names:
        print(f"| {name} | " + " | ".join(agreement(tops[name], tops[column]) for column in columns) + " |")


def list_differences(model, runs, reference, ours, theirs):
    """Where the first token differs, with both margins: a real difference shows as a large one."""
    for i, prompt in enumerate(reference["prompts"]):
        own, peer = runs[ours]["prompts"][i], runs[theirs]["prompts"][i]
        if own["top"] != peer["top"]:
            words = [model.detokenize([p["top"]]).decode(errors="replace") for p in (own, peer)]
            print(f"  {prompt['uuid']}: {ours} {words[0]!r} (margin {own['margin']:.4f}), "
                  f"{theirs} {words[1]!r} (margin {peer['margin']:.4f})")


def main():
    path, *files = sys.argv[1:]
    runs = {}
    for name in files:
        with open(name, encoding="utf-8") as file:
            run = json.load(file)
        runs[f"chorus {run['dtype']}"] = reference = run
    print(f"llama-cpp-python {llama_cpp.__version__}, {os.path.basename(path)}")
    model = open_model(path, False)
    check_ids(model, reference)
    columns = ["llama.cpp", "llama.cpp f32"]
    runs[columns[0]] = measure(model, reference)
    with tempfile.TemporaryDirectory() as folder:
        exact = open_model(as_f32(path, folder), True)
        runs[columns[1]] = measure(exact, reference)
        exact.close()
    names = sorted(runs, key=lambda name: (name in columns, name))
    worst = compare_texts(names, runs, reference, columns)
    compare_prompts(names, runs, columns)
    for ours in names:
        if ours not in columns:
            for theirs in columns:
                print(f"\nfirst tokens that differ, {ours} and {theirs}:")
                list_differences(model, runs, reference, ours, theirs)
    print(f"\nlargest difference of a perplexity: {worst:.3%}, allowed {TOLERANCE:.0%}")
    return 1 if worst > TOLERANCE else 0


if __name__ == "__main__":
    sys.exit(main())
