// How prompts become rows of forward passes and pages of keys: shared execution computes a segment once for all who
// contain it, packed execution computes each literal sequence whole.
//
//   const auto sequence = store->open(prompt, 20);             // null: no room now
//   store->add_shared(builder);
//   const RowRef row = store->start(*sequence, builder);       // then the forward pass, then
//   store->computed();
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/batch_builder.h"
#include "engine/page_pool.h"
#include "engine/prompt.h"

namespace chorus::engine {

/// A row whose logits choose a token, before row numbers are final. Where the prompt has paraphrases its attention states
/// are 0: nothing of a paraphrase, 1 + p: paraphrase p.
struct RowRef {
  flex::RowKind kind = flex::RowKind::prefill;
  std::int32_t row = 0;
};

/// One open sequence: a prompt and what was generated after it.
class Sequence {
 public:
  virtual ~Sequence() = default;
};

class SequenceStore {
 public:
  virtual ~SequenceStore() = default;

  /// Room for the prompt and `new_tokens` more; null when there is none now. The prompt must outlive the sequence.
  virtual std::unique_ptr<Sequence> open(const Prompt& prompt, std::int32_t new_tokens) = 0;
  // One batch: open() what is new, add_shared(), then start() what is new and advance() the rest, the forward pass,
  // computed().
  /// Rows of what open sequences share and nothing has computed yet.
  virtual void add_shared(BatchBuilder& batch) = 0;
  /// The prompt's own rows; returns the row that predicts the first token.
  virtual RowRef start(Sequence& sequence, BatchBuilder& batch) = 0;
  /// The row of the newest token.
  virtual RowRef advance(Sequence& sequence, text::TokenId token, BatchBuilder& batch) = 0;
  virtual void computed() = 0;
  /// Prompt tokens that the next batch would compute; tokens of a shared sequence's own end are not counted.
  virtual std::int64_t pending_tokens() const = 0;
  /// Whether rows report attention shares.
  virtual bool has_shares() const = 0;
  /// Drops all that no open sequence uses, so that what fits does not depend on what ran before.
  virtual void forget() = 0;
  /// Where the key and value of a prompt's token are, and at which position the key is rotated; for tests of isolation
  /// and inspection. Written once the batch that computes the token is done.
  virtual model::KeyPlace place(const Sequence& sequence, std::int32_t token) const = 0;
};

std::unique_ptr<SequenceStore> make_shared_sequences(PagePool& pool);
std::unique_ptr<SequenceStore> make_packed_sequences(PagePool& pool);

}  // namespace chorus::engine
