// golden/lemmas/spacy.jsonl: two cases, answers and sentences, each passed at 97.5 % of spaCy's tokens: cut at the same places, with
// the same lemma.
#include "text/lemmas.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/golden.h"
#include "text/english_tokens.h"

namespace chorus::golden {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

constexpr double kPassed = 0.975;

struct Counts {
  int all = 0, same = 0;
};

/// Tokens are aligned by where they end, in bytes without white space.
void count(const Strings& tokens, const Strings& lemmas, const Strings& our_tokens, const Strings& ours,
           Counts& counts) {
  std::size_t ours_at = 0, end = 0, our_end = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    ++counts.all;
    const std::size_t begin = end;
    end += tokens[i].size();
    while (ours_at < our_tokens.size() && our_end < begin) our_end += our_tokens[ours_at++].size();
    if (ours_at == our_tokens.size() || our_end != begin || our_tokens[ours_at] != tokens[i]) continue;
    counts.same += ours[ours_at] == lemmas[i];
  }
}

}  // namespace

void run_lemmas(const Context& context, Report& report) {
  const auto path = context.dir / "lemmas" / "spacy.jsonl";
  std::ifstream in(path);
  if (!in) return report.skipped("lemmas", path.string());
  std::map<std::string, Counts> kinds{{"answer", {}}, {"sentence", {}}};
  for (std::string line; std::getline(in, line);) {
    const json entry = json::parse(line);
    if (!entry.contains("kind")) continue;
    const auto text = entry.at("text").get<std::string>();
    count(entry.at("tokens").get<Strings>(), entry.at("lemmas").get<Strings>(), text::english_tokens(text),
          text::lemmas(text), kinds[entry.at("kind").get<std::string>()]);
  }
  for (const auto& [kind, counts] : kinds) {
    const double share = counts.all == 0 ? 0.0 : static_cast<double>(counts.same) / counts.all;
    const std::string said = fmt::format("{:.2f} % of {} tokens as spaCy", 100 * share, counts.all);
    report.note(fmt::format("lemmas/{}: {}", kind, said));
    if (share >= kPassed) {
      report.passed("lemmas/" + kind);
    } else {
      report.failed("lemmas/" + kind, said);
    }
  }
}

}  // namespace chorus::golden
