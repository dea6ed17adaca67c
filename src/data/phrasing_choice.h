// Which phrasings of each question are asked, where it is not the first N: listed ones, a seeded draw of those people wrote and
// those a program made, or one of them over and over (the control that has the cost of N and the wording of one).
//
//   PhrasingChoice choice{.num_manual = 3, .num_auto = 3, .seed = 7};
//   const int n = settle(choice, 5);       // 5: five of them
//   choose_phrasings(choice, n, set);      // Sample::places says which they are
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/json.h"

namespace chorus::data {

struct Dataset;

struct PhrasingChoice {
  std::vector<int> indexs =
      {};  // places in the data set's list, from 0, in this order; one may be named twice
  // Any of the three: out of `num_manual` phrasings by people and `num_auto` by a program, drawn for each question,
  // `num_samples` are drawn.
  std::optional<int> num_manual = {}, num_auto = {}, num_samples = {};
  bool repeat = false;     // the first that would be asked, in place of each
  std::uint64_t seed = 0;  // of the draws

  bool draws() const { return num_manual || num_auto || num_samples; }
  bool operator==(const PhrasingChoice&) const = default;
};

/// Checks the choice and fills in what a draw leaves out: 5, 5, `usual`. Returns how many phrasings are asked, `usual` if the choice
/// does not say. Error(usage) for parts that exclude each other, and for more than can be drawn.
int settle(PhrasingChoice& choice, int usual);

/// Puts the chosen phrasings of a settled choice in place of each sample's own, the one to be repeated n times; without a choice
/// nothing changes. A sample that lacks some has fewer; Error(data) where one has none of them. Drawn for a question, in Python:
///   r = random.Random(f"{seed}:{uuid}")
///   pool = r.sample(manual, min(num_manual, len(manual))) + r.sample(auto, min(num_auto, len(auto)))
///   chosen = r.sample(pool, min(num_samples, len(pool)))
/// so that every method asks the same ones.
void choose_phrasings(const PhrasingChoice& choice, int n, Dataset& set);

/// A settled choice as configurations record it, by name; nothing for the first N.
Json settings_of(const PhrasingChoice& choice);

/// What result names carry beside indexs: "m5a5s3" for a draw, and options (seed, repeat) off their usual values.
std::string draw_name(const PhrasingChoice& choice);
std::map<std::string, std::string> name_options(const PhrasingChoice& choice);

}  // namespace chorus::data
