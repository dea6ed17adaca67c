"""Texts and what of them decides whether two phrasings are the same: words in lower case after NFC, a word being a run of
letters, marks and digits (a comma or full stop between two digits is inside it); all else is left out.

    python3 make_phrasing_keys.py > phrasing_keys.json
"""
import json
import unicodedata

TEXTS = ["who wrote hamlet?", "Who  wrote Hamlet", "'Who wrote HAMLET'!?", "", " \t\n", "?!...", "what's the U.S. debt?",
         "1,500 m in 3.5 s.", "1, 500", "snake_case - or dash", "Cafe\u0301 de l\u2019Op\u00e9ra", "CAF\u00c9 de l'Op\u00e9ra",
         "\u6771\u4eac\u306f\uff1f", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u20ac5 \u00b1 3", "\U0001f600 who?",
         "A\u00a0B\u2003C"]


def key(text):
    text = "".join(c.lower() if len(c.lower()) == 1 else c for c in unicodedata.normalize("NFC", text))
    words, word = [], ""
    for i, c in enumerate(text):
        number = lambda at: 0 <= at < len(text) and unicodedata.category(text[at]) == "Nd"
        if unicodedata.category(c)[0] in "LM" or number(i) or (word and c in ".," and number(i - 1) and number(i + 1)):
            word += c
        elif word:
            words.append(word)
            word = ""
    return " ".join(words + ([word] if word else []))


print(json.dumps([{"text": text, "key": key(text)} for text in TEXTS], indent=1))
