// Shared execution: runs of a prompt live in the segment tree; the free rows at its end are its own.
#include <algorithm>
#include <unordered_map>

#include "engine/segment_tree.h"
#include "engine/sequences.h"

namespace chorus::engine {
namespace {

/// Rows of one prefill tile: enough to read keys once for many rows, few enough to share out over threads.
constexpr std::int32_t kTileRows = 64;

/// A run of the prompt, computed in the tree.
struct Piece {
  Node* end = nullptr;
  std::int32_t origin = 0;  // position of its first token
  std::int32_t state = 0;
};

/// The last row of each node that this batch computes.
using LastRows = std::unordered_map<const Node*, std::int32_t>;

class SharedSequence final : public Sequence {
 public:
  SharedSequence(const Prompt& prompt, SegmentTree& tree, PagePool& pool)
      : prompt_(prompt), tree_(tree), pool_(pool), log_weights_(log_weights(prompt.fusion)) {}
  ~SharedSequence() override {
    for (const Piece& piece : pieces_)
      if (piece.end != nullptr) tree_.release(piece.end);
    pool_.release(tail_pages_);
  }
  SharedSequence(const SharedSequence&) = delete;
  SharedSequence& operator=(const SharedSequence&) = delete;

  bool open(std::int32_t new_tokens);
  RowRef start(const LastRows& pending, BatchBuilder& batch);
  RowRef advance(text::TokenId token, BatchBuilder& batch);
  model::KeyPlace place(std::int32_t token) const;

 private:
  bool insert_run(const Run& run, const std::vector<Run>& runs, const std::vector<std::uint8_t>& sees);
  RowRef add_tail(std::span<const text::TokenId> ids, flex::RowKind kind, BatchBuilder& batch);
  RowRef last_segment_row(const LastRows& pending, BatchBuilder& batch) const;

  const Prompt& prompt_;
  SegmentTree& tree_;
  PagePool& pool_;
  std::vector<Piece> pieces_;
  std::vector<float> log_weights_;
  std::vector<std::int32_t> seen_states_;  // of what the last piece sees
  std::vector<PageId> tail_pages_;
  std::int32_t tail_size_ = 0;
  std::int32_t tail_origin_ = 0;  // position of the tail's first token
};

void add_chain(const Node* end, flex::KvSpan span, TileDraft& tile) {
  for (const Node* node : SegmentTree::chain(end)) {
    span.pages = node->pages;
    span.begin = node->begin;
    span.end = node->begin + node->size();
    span.logical_first = node->first;
    tile.spans.push_back(span);
  }
}

model::KeyPlace key_place(const std::vector<PageId>& pages, std::int32_t slot, std::int32_t position,
                          std::int32_t page_tokens) {
  return {pages[static_cast<std::size_t>(slot / page_tokens)], slot % page_tokens, position};
}

/// The softmax states of a segment's row: of each segment it sees, of its own. Nothing: all in state 0.
struct RowStates {
  std::vector<std::int32_t> seen{};
  std::int32_t own = 0;
  std::int32_t count = 1;
};

/// Tokens [from, to) of a node as prefill rows, for their keys and values (`store`) or once more for what they predict;
/// returns the last one's number.
std::int32_t add_node_rows(const Node& node, std::int32_t from, std::int32_t to, std::int32_t page_tokens,
                           bool store, const RowStates& states, BatchBuilder& batch) {
  for (; from < to; from += kTileRows) {
    TileDraft tile;
    tile.row = batch.rows(flex::RowKind::prefill);
    tile.rows = std::min(kTileRows, to - from);
    for (std::int32_t i = from; i < from + tile.rows; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const model::KeyPlace place = key_place(node.pages, node.begin + i, node.positions[index], page_tokens);
      batch.add_row(flex::RowKind::prefill, node.ids[index], store ? place : model::KeyPlace{});
      tile.row_positions.push_back(node.positions[index]);
    }
    tile.states = states.count;
    if (!node.context->blind) {
      flex::Index label = 0;
      for (const Seen& seen : node.context->seen) {
        const std::int32_t state = states.seen.empty() ? 0 : states.seen[static_cast<std::size_t>(label)];
        add_chain(seen.end, {.segment = label, .variant = tile.variant(-seen.distance), .state = state},
                  tile);
        ++label;
      }
      add_chain(&node, {.segment = label, .variant = tile.variant(0), .state = states.own, .causal = true},
                tile);
      tile.causal_first = node.first + from;
    }
    batch.add_tile(flex::RowKind::prefill, std::move(tile));
  }
  return batch.rows(flex::RowKind::prefill) - 1;
}

bool SharedSequence::insert_run(const Run& run, const std::vector<Run>& runs,
                                const std::vector<std::uint8_t>& sees) {
  const auto at = [&](std::int32_t i) { return prompt_.positions[static_cast<std::size_t>(i)]; };
  const std::int32_t origin = at(run.begin);
  const auto segment = static_cast<std::size_t>(run.segment);
  std::vector<Seen> seen;
  seen_states_.clear();
  for (std::size_t r = 0; run.segment >= 0 && r < pieces_.size(); ++r)
    if (runs[r].segment >= 0 && sees[segment * static_cast<std::size_t>(prompt_.segments) +
                                     static_cast<std::size_t>(runs[r].segment)] != 0) {
      seen.push_back({pieces_[r].end, origin - pieces_[r].origin});
      seen_states_.push_back(pieces_[r].state);
    }
  const auto begin = static_cast<std::size_t>(run.begin),
             size = static_cast<std::size_t>(run.end - run.begin);
  std::vector<std::int32_t> local(size);
  for (std::size_t i = 0; i < size; ++i) local[i] = prompt_.positions[begin + i] - origin;
  Node* end = tree_.insert(tree_.context(std::move(seen), run.segment < 0),
                           std::span(prompt_.ids).subspan(begin, size), local);
  if (end == nullptr) return false;
  const std::int32_t paraphrase =
      run.segment >= 0 && !prompt_.paraphrase_of.empty() ? prompt_.paraphrase_of[segment] : -1;
  pieces_.push_back({end, origin, paraphrase + 1});
  return true;
}

bool SharedSequence::open(std::int32_t new_tokens) {
  const std::vector<Run> runs = runs_of(prompt_);
  const std::vector<std::uint8_t> sees = sees_matrix(prompt_);
  for (const Run& run : runs)
    if (!insert_run(run, runs, sees)) return false;
  const std::int64_t tail = pool_.pages_for(prompt_.size() - prompt_.free_from + new_tokens);
  if (!tree_.make_room(tail)) return false;
  tail_pages_ = pool_.take(tail);
  tail_origin_ = prompt_.free_from < prompt_.size()
                     ? prompt_.positions[static_cast<std::size_t>(prompt_.free_from)]
                     : prompt_.next_position();
  return true;
}

RowRef SharedSequence::start(const LastRows& pending, BatchBuilder& batch) {
  if (prompt_.free_from == prompt_.size()) return last_segment_row(pending, batch);
  return add_tail(std::span(prompt_.ids).subspan(static_cast<std::size_t>(prompt_.free_from)),
                  flex::RowKind::prefill, batch);
}

RowRef SharedSequence::last_segment_row(const LastRows& pending, BatchBuilder& batch) const {
  const Piece& piece = pieces_.back();
  const Node& node = *piece.end;
  RowRef ref;
  const auto repeat = [&](const RowStates& states) {
    return add_node_rows(node, node.size() - 1, node.size(), pool_.page_tokens(), false, states, batch);
  };
  // A row whose shares are asked is a row of its own, so that the keys others share never depend on being asked. Another
  // is computed again, to the same bits, only when an earlier batch computed its segment.
  if (prompt_.paraphrases > 0) {
    ref.row = repeat({.seen = seen_states_, .own = piece.state, .count = prompt_.paraphrases + 1});
  } else if (const auto found = pending.find(&node); found != pending.end()) {
    ref.row = found->second;
  } else {
    ref.row = repeat({});
  }
  return ref;
}

RowRef SharedSequence::add_tail(std::span<const text::TokenId> ids, flex::RowKind kind, BatchBuilder& batch) {
  TileDraft tile;
  tile.row = batch.rows(kind);
  tile.rows = static_cast<std::int32_t>(ids.size());
  tile.causal_first = tail_size_;
  tile.states = prompt_.paraphrases + 1;
  for (const text::TokenId id : ids) {
    // Positions of a prompt's cue are its own; generated tokens follow the largest position used.
    const std::int32_t index = prompt_.free_from + tail_size_;
    const std::int32_t position = index < prompt_.size() ? prompt_.positions[static_cast<std::size_t>(index)]
                                                         : prompt_.next_position() + index - prompt_.size();
    batch.add_row(kind, id, key_place(tail_pages_, tail_size_, position - tail_origin_, pool_.page_tokens()));
    tile.row_positions.push_back(position);
    ++tail_size_;
  }
  tile.joint_scale = prompt_.fusion.scale;
  flex::Index label = 0;
  for (const Piece& piece : pieces_) {
    flex::KvSpan span{.segment = label, .variant = tile.variant(piece.origin), .state = piece.state};
    if (piece.state > 0) {
      span.score_scale = 1.0F / prompt_.fusion.temperature;
      if (!log_weights_.empty()) span.score_bias = log_weights_[static_cast<std::size_t>(piece.state - 1)];
    }
    add_chain(piece.end, span, tile);
    ++label;
  }
  tile.spans.push_back({.pages = tail_pages_,
                        .begin = 0,
                        .end = tail_size_,
                        .segment = label,
                        .variant = tile.variant(tail_origin_),
                        .causal = true});
  const std::int32_t last = tile.row + tile.rows - 1;
  batch.add_tile(kind, std::move(tile));
  return {kind, last};
}

RowRef SharedSequence::advance(text::TokenId token, BatchBuilder& batch) {
  return add_tail({&token, 1}, flex::RowKind::decode, batch);
}

model::KeyPlace SharedSequence::place(std::int32_t token) const {
  const std::int32_t position = prompt_.positions[static_cast<std::size_t>(token)],
                     tokens = pool_.page_tokens();
  if (token >= prompt_.free_from)
    return key_place(tail_pages_, token - prompt_.free_from, position - tail_origin_, tokens);
  const std::vector<Run> runs = runs_of(prompt_);
  std::size_t r = 0;
  while (runs[r].end <= token) ++r;
  const std::int32_t index = token - runs[r].begin;
  const Node* node = pieces_[r].end;
  while (node->first > index) node = node->parent;
  return key_place(node->pages, node->begin + index - node->first, position - pieces_[r].origin, tokens);
}

class SharedSequences final : public SequenceStore {
 public:
  explicit SharedSequences(PagePool& pool) : pool_(pool), tree_(pool) {}

  std::unique_ptr<Sequence> open(const Prompt& prompt, std::int32_t new_tokens) override {
    auto sequence = std::make_unique<SharedSequence>(prompt, tree_, pool_);
    if (!sequence->open(new_tokens)) return nullptr;
    return sequence;
  }
  RowRef start(Sequence& sequence, BatchBuilder& batch) override {
    return static_cast<SharedSequence&>(sequence).start(last_rows_, batch);
  }
  RowRef advance(Sequence& sequence, text::TokenId token, BatchBuilder& batch) override {
    return static_cast<SharedSequence&>(sequence).advance(token, batch);
  }
  void add_shared(BatchBuilder& batch) override {
    last_rows_.clear();
    for (const Node* node : tree_.pending())
      last_rows_[node] = add_node_rows(*node, 0, node->size(), pool_.page_tokens(), true, {}, batch);
  }
  void computed() override {
    for (Node* node : tree_.pending()) tree_.mark_computed(node);
  }
  std::int64_t pending_tokens() const override {
    std::int64_t tokens = 0;
    for (const Node* node : tree_.pending()) tokens += node->size();
    return tokens;
  }
  bool has_shares() const override { return true; }
  void forget() override { tree_.make_room(pool_.pages()); }
  model::KeyPlace place(const Sequence& sequence, std::int32_t token) const override {
    return static_cast<const SharedSequence&>(sequence).place(token);
  }

 private:
  PagePool& pool_;
  SegmentTree tree_;
  LastRows last_rows_;
};

}  // namespace

std::unique_ptr<SequenceStore> make_shared_sequences(PagePool& pool) {
  return std::make_unique<SharedSequences>(pool);
}

}  // namespace chorus::engine
