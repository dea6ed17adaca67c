// Majority over the answers that phrasings got by themselves.
//
//   vote({{"Paris", -0.3}, {"Lyon", -0.1}, {"paris", -0.9}});   // 0: two of three say paris
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace chorus::ensemble {

/// One phrasing's answer and its log-probability.
struct Ballot {
  std::string answer;
  double logprob = 0;
};

/// The first ballot of the answer that most ballots give; answers are the same when they are after normalisation
/// (text/normalize.h). Ties go to the answer whose ballots have the highest mean log-probability, then to the first. An answer
/// without a word counts only when no other is given. At least one ballot.
std::size_t vote(std::span<const Ballot> ballots);

}  // namespace chorus::ensemble
