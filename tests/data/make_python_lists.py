#!/usr/bin/env python3
"""Writes tests/data/data/python_lists.json: lists and tuples of texts as Python's repr() writes them, what they hold, and cells that are no
such list. Run once: python3 tests/data/make_python_lists.py"""
import ast
import json
import pathlib
import random

OUT = pathlib.Path(__file__).parent / "data" / "python_lists.json"

VALUES = [
    [], (), ["Paris"], ("Paris",), ["Paris", "paris"], ("a", "b", "c"), [""], ["", ""],
    ["it's"], ['say "hi"'], ["it's \"both\""], ["back\\slash", "C:\\new\\table"], ["a\nb", "tab\there", "cr\r"],
    ["\x00\x07\x08\x0b\x0c\x1b\x7f"], ["caf\xe9", "na\xefve", "東京", "🇳🇴", "\xa0", "\xad", "\u2028", "\u200b", "\ufeff", "\U000e0001"],
    ["a, b", "[c]", "(d)", "'", '"', "','"], [["nbc"], ["national", "broadcasting", "company"]], [[], ["x"]], [("p", "q"), ("r",)],
    (["l'aquila"], ['"']), ["nan"], ["None", "True", "1"], [" padded ", "\t"], ["\\", "\\\\", "\\'", '\\"'], ["\\u0041", "\\x41"],
]
# What a person may write and Python takes for the same.
WRITTEN = ["[ 'a' ,\n 'b' ]", "['a', 'b',]", "('a', 'b',)", r"['\x41\u00e9\U0001f600']", r'["\a\b\f\v\'\""]', "( 'a' , )", "[\r\n'a'\r\n]"]
# A cell, and what an error says of it.
BAD = [
    ("['Paris' 'paris']", "no comma"),  # as NumPy prints an array; Python would join the two
    ("['Paris'\n 'paris']", "no comma"),
    ("['a' \"b\"]", "no comma"),
    ("['a', ...]", "neither a text"), ("['a', None]", "neither a text"), ("['a', 1]", "neither a text"), ("[nan, 'a']", "neither a text"),
    ("[u'a']", "neither a text"), ("[b'a']", "neither a text"), ("[np.str_('a')]", "neither a text"), ("[,]", "neither a text"), ("['a',,'b']", "neither a text"),
    ("['a'", "no end"), ("['a',", "no end"), ("[", "no end"), ("('a'", "no end"), ("[['a']", "no end"), ("['a')", "no comma"),
    ("['a", "does not end"), ("['a\\']", "does not end"), ("['a\nb']", "does not end"), ("[''']", "no comma"), ("['a'']", "no comma"),
    ("['a'] ", None), ("['a'] b", "something after"), ("['a']['b']", "something after"), ("('a')", "make no tuple"), ("(('a'),)", "make no tuple"),
    (r"['\ud800']", "escape"), (r"['\U00110000']", "escape"), (r"['\x4']", "escape"), (r"['\u00g0']", "escape"), (r"['\101']", "escape"),
    (r"['\N{BULLET}']", "escape"), (r"['\q']", "escape"), ("[" * 40 + "]" * 40 + "'", "inside each other"),
]


def plain(value):
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def random_text(rng):
    kinds = ["abc XYZ", "'\"\\", "\n\t\r\x00\x1f", "é\xa0ßΩ", "東京🙂\U0010ffff", "[](),"]
    return "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.randrange(12)))


def main():
    rng = random.Random(3)
    values = list(VALUES)
    for _ in range(150):
        texts = [random_text(rng) for _ in range(rng.randrange(5))]
        values.append(rng.choice([texts, tuple(texts), [texts, []], [tuple(texts), (random_text(rng),)]]))
    good = [{"cell": repr(value), "value": plain(value)} for value in values]
    good += [{"cell": cell, "value": plain(ast.literal_eval(cell))} for cell in WRITTEN + [cell for cell, says in BAD if says is None]]
    for entry in good:
        assert plain(ast.literal_eval(entry["cell"])) == entry["value"]
    bad = [{"cell": cell, "says": says} for cell, says in BAD if says]
    OUT.write_text(json.dumps({"good": good, "bad": bad}, indent=0) + "\n", encoding="ascii")


main()
