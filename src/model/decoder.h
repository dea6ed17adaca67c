// A decoder-only transformer: its weights, and the forward pass, written once over a Backend.
//
//   Decoder decoder(open_checkpoint(path), make_cpu_backend(config, Compute::bf16, 0));
//   decoder.forward(batch, kv);
//   const auto logits = decoder.logits();   // [batch.outputs.size()][vocab]
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/backend.h"
#include "model/checkpoint.h"
#include "model/stage.h"

namespace chorus::model {

class Decoder {
 public:
  /// Packs every weight: the checkpoint's files are read once, but for the embedding's rows. Throws Error(device) when the
  /// backend cannot multiply on this machine.
  Decoder(std::shared_ptr<const Checkpoint> checkpoint, std::unique_ptr<Backend> backend);
  ~Decoder();

  const ModelConfig& config() const { return checkpoint_->config(); }
  Backend& backend() { return *backend_; }

  /// Computes every row of the batch: stores its key and value of each layer in `kv`, a store of backend(), and keeps the
  /// last hidden state of batch.outputs; past the last layer's attention nothing else is computed. Fills batch.plan.share.
  /// What an operation throws becomes an Error that begins with place(), of kind device unless it was an Error.
  void forward(Batch& batch, KvStore& kv);

  /// Logits of the last forward pass's outputs in their order, [outputs.size()][vocab]; valid until the next call.
  /// Logit rows are computed as decode rows, whatever the row was. Throws as forward() does.
  std::vector<std::span<const float>> logits();

  /// Which operation wrote the first value that is NaN or infinite, of a batch whose logits are not all finite: the same pass
  /// again, with what each operation leaves in float32 looked at. Operation::logits where all of that is finite.
  Stage first_not_finite(Batch& batch, KvStore& kv);

  /// "layer 3, attention (cpu, bf16, 2 threads)"
  std::string place(const Stage& stage) const;

 private:
  struct Layer;
  template <class Begin>
  void pass(Batch& batch, KvStore& kv, const Begin& begin);
  template <class Work>
  auto placed(const Work& work) const;
  bool wrote_finite(const Batch& batch) const;
  void make_room(const Rows& rows);
  /// Leaves only the batch's outputs in x_ and a_, kinds apart; sets outputs_ to their new rows.
  Rows keep_outputs(const Batch& batch);

  std::shared_ptr<const Checkpoint> checkpoint_;
  std::unique_ptr<Backend> backend_;
  std::vector<Layer> layers_;
  std::vector<float> output_norm_;
  std::unique_ptr<Matrix> output_;
  RowSource embedding_;
  Stage stage_;  // what is being computed, or was last
  std::int64_t capacity_ = 0, logits_capacity_ = 0;
  std::vector<std::int32_t> outputs_;            // rows of x_ after the last layer
  std::unique_ptr<Tensor> x_, h_, qkv_, a_, m_;  // residual, normed, projections, attention, feed-forward
  std::unique_ptr<Tensor> last_, last_h_, logits_;
};

}  // namespace chorus::model
