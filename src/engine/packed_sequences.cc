// Packed execution: each literal sequence is computed whole under its segment mask, with a key/value cache of its own.
// It is the published algorithm with a cache, and the control of shared execution: nothing is shared, positions are
// those of the sequence.
#include <optional>

#include "engine/sequences.h"

namespace chorus::engine {
namespace {

/// None where free rows weigh all keys alike.
std::optional<model::PackedFusion> fusion_of(const Prompt& prompt) {
  const Fusion& fusion = prompt.fusion;
  if (fusion.weights.empty() && !fusion.calibrates()) return std::nullopt;
  model::PackedFusion packed{.log_weight = log_weights(fusion),
                             .free_from = prompt.free_from,
                             .temperature = fusion.temperature,
                             .scale = fusion.scale};
  for (std::int32_t i = 0; i < prompt.free_from; ++i) {
    const std::int32_t segment = prompt.segment_of[static_cast<std::size_t>(i)];
    packed.paraphrase_of.push_back(segment < 0 || prompt.paraphrase_of.empty()
                                       ? -1
                                       : prompt.paraphrase_of[static_cast<std::size_t>(segment)]);
  }
  return packed;
}

class PackedSequence final : public Sequence {
 public:
  /// `pending` counts the prompt's tokens until they are in a batch.
  PackedSequence(const Prompt& prompt, PagePool& pool, std::int32_t new_tokens, std::int64_t& pending)
      : prompt_(prompt),
        pool_(pool),
        pending_(pending),
        relation_(prompt.segment_of, prompt.segments, prompt.sees, prompt.free_from),
        fusion_(fusion_of(prompt)),
        pages_(pool.take(pool.pages_for(std::int64_t{prompt.size()} + new_tokens))) {
    pending_ += prompt.size();
  }
  ~PackedSequence() override {
    if (size_ == 0) pending_ -= prompt_.size();
    pool_.release(pages_);
  }
  PackedSequence(const PackedSequence&) = delete;
  PackedSequence& operator=(const PackedSequence&) = delete;

  RowRef add(std::span<const text::TokenId> ids, flex::RowKind kind, BatchBuilder& batch) {
    if (size_ == 0) pending_ -= prompt_.size();
    model::PackedSequence part;
    part.row = batch.rows(kind);
    part.rows = static_cast<std::int32_t>(ids.size());
    part.first = size_;
    part.pages = pages_;
    part.relation = &relation_;
    part.fusion = fusion_ ? &*fusion_ : nullptr;
    part.kind = kind;
    std::vector<std::int32_t> positions;
    for (const text::TokenId id : ids) {
      positions.push_back(size_ < prompt_.size() ? prompt_.positions[static_cast<std::size_t>(size_)]
                                                 : prompt_.next_position() + size_ - prompt_.size());
      const std::int32_t tokens = pool_.page_tokens();
      batch.add_row(kind, id,
                    {pages_[static_cast<std::size_t>(size_ / tokens)], size_ % tokens, positions.back()});
      ++size_;
    }
    const std::int32_t last = part.row + part.rows - 1;
    batch.add_packed(part, std::move(positions));
    return {.kind = kind, .row = last};
  }
  const Prompt& prompt() const { return prompt_; }
  model::KeyPlace place(std::int32_t token) const {
    const std::int32_t tokens = pool_.page_tokens();
    return {pages_[static_cast<std::size_t>(token / tokens)], token % tokens,
            prompt_.positions[static_cast<std::size_t>(token)]};
  }

 private:
  const Prompt& prompt_;
  PagePool& pool_;
  std::int64_t& pending_;
  flex::SegmentRelation relation_;
  std::optional<model::PackedFusion> fusion_;
  std::vector<PageId> pages_;
  std::int32_t size_ = 0;
};

class PackedSequences final : public SequenceStore {
 public:
  explicit PackedSequences(PagePool& pool) : pool_(pool) {}

  std::unique_ptr<Sequence> open(const Prompt& prompt, std::int32_t new_tokens) override {
    if (pool_.pages_for(std::int64_t{prompt.size()} + new_tokens) > pool_.available()) return nullptr;
    return std::make_unique<PackedSequence>(prompt, pool_, new_tokens, pending_);
  }
  void add_shared(BatchBuilder&) override {}
  RowRef start(Sequence& sequence, BatchBuilder& batch) override {
    auto& packed = static_cast<PackedSequence&>(sequence);
    return packed.add(packed.prompt().ids, flex::RowKind::prefill, batch);
  }
  RowRef advance(Sequence& sequence, text::TokenId token, BatchBuilder& batch) override {
    return static_cast<PackedSequence&>(sequence).add({&token, 1}, flex::RowKind::decode, batch);
  }
  void computed() override {}
  std::int64_t pending_tokens() const override { return pending_; }
  bool has_shares() const override { return false; }
  void forget() override {}
  model::KeyPlace place(const Sequence& sequence, std::int32_t token) const override {
    return static_cast<const PackedSequence&>(sequence).place(token);
  }

 private:
  PagePool& pool_;
  std::int64_t pending_ = 0;
};

}  // namespace

std::unique_ptr<SequenceStore> make_packed_sequences(PagePool& pool) {
  return std::make_unique<PackedSequences>(pool);
}

}  // namespace chorus::engine
