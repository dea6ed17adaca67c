#!/usr/bin/env python3
"""WordNet's database as the C++ source of text/wordnet.h: scripts/make_wordnet.py DICT OUT.cc

Of the index files only what lemmas need: single words of letters with, for noun, verb and adjective or adverb, how often the
tagged corpora use them so ("-" where WordNet does not know them as such). Of the exception lists the first lemma."""
import collections
import os
import re
import sys

KIND = {"1": "noun", "2": "verb", "3": "adj", "4": "adj", "5": "adj"}  # adverbs count with adjectives
CHUNK = 8000  # characters a literal; adjacent ones are one string


def lines(folder, name):
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return [line.split() for line in file if not line.startswith(" ")]


def words(folder, exceptions):
    uses = collections.defaultdict(collections.Counter)
    for key, _, count in lines(folder, "cntlist.rev"):
        lemma, sense = key.split("%")
        uses[lemma][KIND[sense[0]]] += int(count)
    known = collections.defaultdict(set)
    for name in ("noun", "verb", "adj", "adv"):
        for fields in lines(folder, "index." + name):
            known[fields[0]].add("adj" if name == "adv" else name)
    for word in sorted(known):
        inflected = word in exceptions or re.search("(s|ed|ing)$", word)
        if re.fullmatch("[a-z]+", word) and (inflected or known[word] & {"noun", "verb"}):
            yield " ".join([word] + [str(uses[word][kind]) if kind in known[word] else "-" for kind in ("noun", "verb", "adj")])


def exceptions(folder, name):
    """{inflected: lemma}, the first lemma where there are several."""
    found = {}
    for fields in lines(folder, name + ".exc"):
        if len(fields) > 1 and all(re.fullmatch("[a-z]+", word) for word in fields[:2]):
            found.setdefault(fields[0], fields[1])
    return found


def literal(name, rows):
    text = "".join(row + "\\n" for row in rows)
    cuts = [0]
    while cuts[-1] < len(text):
        cuts.append(min(len(text), cuts[-1] + CHUNK))
        if text[cuts[-1] - 1] == "\\":
            cuts[-1] += 1
    parts = "\n".join('    "%s"' % text[a:b] for a, b in zip(cuts, cuts[1:]))
    return "const std::string_view %s =\n%s;\n" % (name, parts)


def main(folder, target):
    nouns, verbs = exceptions(folder, "noun"), exceptions(folder, "verb")
    parts = [literal("kWords", words(folder, nouns.keys() | verbs.keys()))]
    for name, table in (("kNounExceptions", nouns), ("kVerbExceptions", verbs)):
        parts.append(literal(name, (f"{word} {table[word]}" for word in sorted(table))))
    with open(target, "w", encoding="ascii") as file:
        file.write('// Made of WordNet 3.0 (Princeton University) by scripts/make_wordnet.py.\n#include "text/wordnet_tables.h"\n\n'
                   "namespace chorus::text {\n\n" + "\n".join(parts) + "\n}  // namespace chorus::text\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
