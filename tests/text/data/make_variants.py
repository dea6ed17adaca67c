"""Writes tokenizer_variants.json: small tokenizers of many configurations with the ids and texts that Hugging Face's
`tokenizers` gives for them. Run with tokenizers 0.23: python make_variants.py > tokenizer_variants.json"""
import json
import sys

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CORPUS = [
    "the quick brown fox jumps over the lazy dog's back in 1984 and 2001, isn't it?",
    "Where was the author of the song born? The author was born in Liverpool, England.",
    "What language do people speak in Egypt? Arabic. they're we've I'll I'd it's",
    "日本語の文字 и русские слова, ça va déjà? naïve café",
    "one two three four five six seven eight nine ten hundred thousand",
] * 8

TEXTS = [
    "", " ", "  ", "a", "the author", " the  author ", "The quick brown fox's 1984 songs, isn't it?",
    "born in 12345 or ¹²³½ Ⅷ", "line one\nline two\r\n\r\n  indented\ttab", "café cafe\u0301 A\u030a \u212b",
    "日本語 и слова", "🙂 👩\u200d👩\u200d👧 x", "a<s>b</s>c", "<s> the </s>", "x <mid> y", "x  <left>y", "x<right>   y",
    "word wordy word's wörd word", "the<left> <right> <mid>", "--", "a-b-c--d-", "-a", "a-", "...!?...",
    "<n\u00e9> <ne\u0301> <n\u00c9>", "trailing   ", "\u00a0nbsp\u2003em\u3000wide", "I'LL you'Re 'S 'ſ", "\u180e x\u0085y",
    "\u2581the\u2581author", " leading", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the" * 40, "\x00\x01\x7f",
    "<0x41> <0x0A>", "<s><s></s><unk>", "hundred thousand authors speak", "2,000.50", "\U00010400\U0001f1e6\ufffd",
]


def added(id, content, **flags):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False, **flags}
    return {"id": id, "content": content, **flags}


def train(pre_tokenizer, alphabet, size, special, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return json.loads(tokenizer.to_str())


def byte_base():
    base = train(pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.ByteLevel.alphabet(), 400, [])
    base["decoder"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return base


def character_base():
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    base = train(metaspace, [], 480, special, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    base["added_tokens"] = base["added_tokens"][:3]
    base["pre_tokenizer"] = None
    base["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    base["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    base["post_processor"] = template("<s>", 1, None, None)
    return base


def template(before, before_id, after, after_id):
    pieces = [{"SpecialToken": {"id": before, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    special = {before: {"id": before, "ids": [before_id], "tokens": [before]}}
    if after:
        pieces.append({"SpecialToken": {"id": after, "type_id": 0}})
        special[after] = {"id": after, "ids": [after_id], "tokens": [after]}
    return {"type": "TemplateProcessing", "single": pieces, "pair": pieces + [{"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": special}


def byte_level(**options):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False, **options}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": list(steps)}}


def byte_variants():
    n = 400
    llama3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
              r"|\s+(?!\S)|\s+")
    yield "llama3 pattern", sequence(split({"Regex": llama3}, "Isolated"), byte_level())
    for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
        for invert in [False, True]:
            steps = [split({"Regex": r"\s|-"}, behavior, invert), byte_level()]
            yield f"split {behavior}{' inverted' * invert}", sequence(*steps)
        yield f"literal {behavior}", sequence(split({"String": "-"}, behavior), byte_level())
    yield "classes", sequence(split({"Regex": r"[\w']+|\W"}, "Isolated"), byte_level())
    yield "lines", sequence(split({"Regex": r"^.|.$|\d+|\S\p{Han}"}, "Isolated"), byte_level())
    yield "empty matches", sequence(split({"Regex": r"x*|\p{P}?"}, "Isolated"), byte_level())
    yield "prefix space", {"pre_tokenizer": byte_level(add_prefix_space=True, use_regex=True)}
    yield "one piece", {"pre_tokenizer": byte_level()}
    yield "runs of digits", sequence({"type": "Digits", "individual_digits": False}, byte_level(use_regex=True))
    yield "single digits", sequence({"type": "Digits", "individual_digits": True},
                                    byte_level(use_regex=True, add_prefix_space=True))
    yield "ignore_merges", {"model": {"ignore_merges": True}, "pre_tokenizer": byte_level(use_regex=True)}
    yield "added tokens", {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": byte_level(use_regex=True),
        "added_tokens": [
            added(n, "<s>", special=True), added(n + 1, "</s>", special=True, rstrip=True), added(n + 2, "<mid>"),
            added(n + 3, "<left>", lstrip=True), added(n + 4, "<right>", rstrip=True),
            added(n + 5, "word", single_word=True), added(n + 6, "<ne\u0301>", normalized=True),
            added(n + 7, "thousand authors"), added(n + 8, "thousand"), added(n + 9, "<n\u00c9>", normalized=True)],
        "post_processor": {"type": "Sequence", "processors": [byte_level(), template("<s>", n, "</s>", n + 1)]},
    }


def character_variants():
    metaspace = {"type": "Metaspace", "replacement": "▁", "split": False}
    yield "llama 2", {}
    yield "no fallback", {"model": {"byte_fallback": False}}
    yield "no fallback, not fused", {"model": {"byte_fallback": False, "fuse_unk": False}}
    for scheme in ["always", "first", "never"]:
        yield f"metaspace {scheme}", {"normalizer": None, "pre_tokenizer": {**metaspace, "prepend_scheme": scheme}}
    yield "added tokens", {"added_tokens": [
        added(0, "<unk>", special=True), added(1, "<s>", special=True), added(2, "</s>", special=True),
        added(480, "the author", normalized=True), added(481, "<mid>", lstrip=True, rstrip=True)]}


def merge_patch(target, patch):
    """RFC 7396, as nlohmann::json::merge_patch does it; null removes a field, which tokenizers reads as null."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def cases(spec):
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    result = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        with_special = tokenizer.encode(text).ids
        entry = [text, ids, tokenizer.decode(ids, skip_special_tokens=False), tokenizer.decode(ids)]
        result.append(entry + ([with_special] if with_special != ids else []))
    return result


def main():
    groups = []
    for base, variants in [(byte_base(), byte_variants()), (character_base(), character_variants())]:
        for key in ["truncation", "padding", "normalizer", "post_processor"]:
            if base.get(key) is None:
                base.pop(key, None)
        entries = []
        for name, patch in variants:
            entries.append({"name": name, "patch": patch, "cases": cases(merge_patch(base, patch))})
        groups.append({"base": base, "variants": entries})
    source = f"tokenizers {tokenizers.__version__}; a case: text, ids, decoded, without special tokens[, ids with them]"
    json.dump({"source": source, "groups": groups}, sys.stdout, ensure_ascii=True, separators=(",", ":"))


main()
