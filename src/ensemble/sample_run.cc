#include "ensemble/sample_run.h"

#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace chorus::ensemble {
namespace {

/// What was asked for a sample last, and what has come of it.
struct Gathering {
  std::vector<engine::Result> results;
  std::size_t missing = 0;
};

class Desk {
 public:
  Desk(std::span<const std::size_t> samples, const SampleRun& run) : samples_(samples), run_(run) {}

  std::optional<engine::Request> next() {
    while (queue_.empty() && taken_ < samples_.size()) {
      const std::size_t sample = samples_[taken_++];
      ask(sample, run_.open(sample), false);
    }
    if (queue_.empty()) return std::nullopt;
    engine::Request request = std::move(queue_.front());
    queue_.pop_front();
    return request;
  }
  void done(engine::Result result) {
    const Origin origin = origins_[static_cast<std::size_t>(result.index)];
    Gathering& gathering = gatherings_.at(origin.sample);
    gathering.results[origin.part] = std::move(result);
    if (--gathering.missing > 0) return;
    std::vector<engine::Result> results = std::move(gathering.results);
    gatherings_.erase(origin.sample);
    ask(origin.sample, run_.gathered(origin.sample, std::move(results)), true);
  }
  void text(std::int64_t index, const std::string& text) const {
    const Origin origin = origins_[static_cast<std::size_t>(index)];
    run_.text(origin.sample, origin.part, text);
  }

 private:
  struct Origin {
    std::size_t sample, part;
  };
  /// A later stage goes before samples not begun, while what it shares with the earlier one is at hand.
  void ask(std::size_t sample, std::vector<engine::Request> requests, bool first) {
    if (requests.empty()) return;
    gatherings_[sample] = {std::vector<engine::Result>(requests.size()), requests.size()};
    for (std::size_t part = 0; part < requests.size(); ++part) {
      requests[part].index = static_cast<std::int64_t>(origins_.size());
      origins_.push_back({sample, part});
    }
    queue_.insert(first ? queue_.begin() : queue_.end(), std::make_move_iterator(requests.begin()),
                  std::make_move_iterator(requests.end()));
  }

  std::span<const std::size_t> samples_;
  const SampleRun& run_;
  std::size_t taken_ = 0;
  std::deque<engine::Request> queue_;
  std::vector<Origin> origins_;  // by request index
  std::map<std::size_t, Gathering> gatherings_;
};

}  // namespace

void run_samples(engine::Engine& engine, std::span<const std::size_t> samples, const SampleRun& run) {
  Desk desk(samples, run);
  engine::Events events;
  events.done = [&](engine::Result result) { desk.done(std::move(result)); };
  if (run.text) events.text = [&](std::int64_t index, const std::string& text) { desk.text(index, text); };
  events.cancelled = run.cancelled;
  engine.run([&] { return desk.next(); }, events);
}

}  // namespace chorus::ensemble
