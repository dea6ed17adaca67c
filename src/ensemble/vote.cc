#include "ensemble/vote.h"

#include <map>
#include <tuple>

#include "text/normalize.h"

namespace chorus::ensemble {

std::size_t vote(std::span<const Ballot> ballots) {
  struct Party {
    std::size_t first = 0, votes = 0;
    double logprob = 0;
    double mean() const { return logprob / static_cast<double>(votes); }
  };
  std::map<std::string, Party> parties;
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    Party& party = parties.try_emplace(text::normalize_answer(ballots[i].answer), Party{i}).first->second;
    ++party.votes;
    party.logprob += ballots[i].logprob;
  }
  if (parties.size() > 1) parties.erase("");
  const Party* winner = nullptr;
  for (const auto& [answer, party] : parties) {
    const auto stronger = [](const Party& a, const Party& b) {
      if (a.votes != b.votes) return a.votes > b.votes;
      return a.mean() != b.mean() ? a.mean() > b.mean() : a.first < b.first;
    };
    if (winner == nullptr || stronger(party, *winner)) winner = &party;
  }
  return winner->first;
}

}  // namespace chorus::ensemble
