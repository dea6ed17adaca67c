#include "model/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/error_context.h"
#include "core/vector_math.h"

namespace chorus::model {

struct Decoder::Layer {
  std::vector<float> attn_norm, ffn_norm, bias, q_norm, k_norm;
  std::unique_ptr<Matrix> qkv, o, gate_up, down;
};

namespace {

/// The rows of several matrices, one after the other.
RowSource stacked(std::vector<std::pair<RowSource, std::int64_t>> parts, std::int64_t cols) {
  return [parts = std::move(parts), cols](std::int64_t first, std::int64_t count, float* out) {
    for (std::int64_t row = first, begin = 0; const auto& [source, rows] : parts) {
      const std::int64_t from = std::max(row, begin), to = std::min(first + count, begin + rows);
      if (from < to) {
        source(from - begin, to - from, out + (from - first) * cols);
        row = to;
      }
      begin += rows;
    }
  };
}

}  // namespace

Decoder::Decoder(std::shared_ptr<const Checkpoint> checkpoint, std::unique_ptr<Backend> backend)
    : checkpoint_(std::move(checkpoint)), backend_(std::move(backend)) {
  const Checkpoint& w = *checkpoint_;
  const ModelConfig& c = w.config();
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  for (std::int64_t i = 0; i < c.layers; ++i) {
    Layer& layer = layers_.emplace_back();
    layer.attn_norm = w.vector(Role::attn_norm, i);
    layer.ffn_norm = w.vector(Role::ffn_norm, i);
    if (c.qkv_bias)
      for (const Role role : {Role::q_bias, Role::k_bias, Role::v_bias}) {
        const std::vector<float> part = w.vector(role, i);
        layer.bias.insert(layer.bias.end(), part.begin(), part.end());
      }
    if (c.qk_norm) {
      layer.q_norm = w.vector(Role::q_norm, i);
      layer.k_norm = w.vector(Role::k_norm, i);
    }
    layer.qkv = backend_->pack(
        q + 2 * kv, c.hidden,
        stacked({{w.matrix(Role::q, i), q}, {w.matrix(Role::k, i), kv}, {w.matrix(Role::v, i), kv}},
                c.hidden));
    layer.o = backend_->pack(c.hidden, q, w.matrix(Role::o, i));
    layer.gate_up =
        backend_->pack_gate_up(c.intermediate, c.hidden, w.matrix(Role::gate, i), w.matrix(Role::up, i));
    layer.down = backend_->pack(c.hidden, c.intermediate, w.matrix(Role::down, i));
  }
  output_norm_ = w.vector(Role::output_norm, 0);
  output_ =
      backend_->pack(c.vocab, c.hidden, w.matrix(c.tied_embeddings ? Role::embedding : Role::output, 0));
  embedding_ = w.matrix(Role::embedding, 0);
}

Decoder::~Decoder() = default;

void Decoder::make_room(const Rows& rows) {
  if (rows.total() <= capacity_) return;
  const ModelConfig& c = config();
  const std::int64_t n = rows.total();
  x_ = backend_->full(n, c.hidden);
  h_ = backend_->narrow(n, c.hidden);
  qkv_ = backend_->full(n, (c.heads + 2 * c.kv_heads) * c.head_dim);
  a_ = backend_->narrow(n, c.heads * c.head_dim);
  m_ = backend_->narrow(n, c.intermediate);
  capacity_ = n;  // last: what did not fit into memory was not made
}

// The pass itself. `begin` is told of each operation before it runs, and gives the backend.
template <class Begin>
void Decoder::pass(Batch& batch, KvStore& kv, const Begin& begin) {
  Rows rows = batch.rows;
  begin(Operation::activations, -1);
  make_room(rows);
  begin(Operation::embedding, -1).embed(batch.ids, embedding_, *x_);
  for (std::int64_t i = 0; i < std::ssize(layers_); ++i) {
    const Layer& layer = layers_[static_cast<std::size_t>(i)];
    begin(Operation::attention_norm, i).rms_norm(*x_, layer.attn_norm, rows, *h_);
    begin(Operation::projections, i).linear(*layer.qkv, *h_, rows, *qkv_);
    begin(Operation::attention, i)
        .attention(i, *qkv_, {layer.bias, layer.q_norm, layer.k_norm}, kv, rows, batch.plan, *a_);
    if (i + 1 == std::ssize(layers_)) rows = keep_outputs(batch);
    begin(Operation::attention_output, i).linear_add(*layer.o, *a_, rows, *x_);
    begin(Operation::feed_forward_norm, i).rms_norm(*x_, layer.ffn_norm, rows, *h_);
    begin(Operation::gate, i).gated(*layer.gate_up, *h_, rows, *m_);
    begin(Operation::feed_forward_output, i).linear_add(*layer.down, *m_, rows, *x_);
  }
}

template <class Work>
auto Decoder::placed(const Work& work) const {
  try {
    return work();
  } catch (const Error& error) {
    throw core::in_context(place(stage_), error);
  } catch (const std::bad_alloc&) {
    throw core::in_context(place(stage_), core::not_enough_memory());
  } catch (const std::exception& error) {
    throw Error(ErrorKind::device, fmt::format("{}: {}", place(stage_), error.what()),
                "an operation that this device carries out", "see what 'chorus doctor' says of the device");
  }
}

void Decoder::forward(Batch& batch, KvStore& kv) {
  placed([&] {
    pass(batch, kv, [&](Operation operation, std::int64_t layer) -> Backend& {
      stage_ = {operation, layer};
      return *backend_;
    });
  });
}

Stage Decoder::first_not_finite(Batch& batch, KvStore& kv) {
  std::optional<Stage> found;
  const auto look = [&] {
    if (!found && !wrote_finite(batch)) found = stage_;
  };
  stage_ = {};
  placed([&] {
    pass(batch, kv, [&](Operation operation, std::int64_t layer) -> Backend& {
      look();
      stage_ = {operation, layer};
      return *backend_;
    });
    look();
  });
  return found.value_or(Stage{Operation::logits, -1});
}

std::string Decoder::place(const Stage& stage) const {
  return fmt::format("{} ({})", text(stage), backend_->description());
}

/// Whether what the operation of stage_ left is finite in every row that is more than padding, as far as it is float32.
bool Decoder::wrote_finite(const Batch& batch) const {
  const auto finite = [&](const Tensor& tensor, std::int64_t row) {
    return core::all_finite(backend_->read(tensor, row));
  };
  const bool is_last = stage_.layer + 1 == std::ssize(layers_);
  switch (stage_.operation) {
    case Operation::attention_output:
    case Operation::feed_forward_output:
      if (is_last)
        return std::all_of(outputs_.begin(), outputs_.end(), [&](auto row) { return finite(*x_, row); });
      break;
    case Operation::embedding:
    case Operation::projections:
      break;
    default:
      return true;  // in the precision of matrix products: the operation that reads it shows it
  }
  const Tensor& written = stage_.operation == Operation::projections ? *qkv_ : *x_;
  for (std::int64_t row = 0; row < std::ssize(batch.ids); ++row)
    if (batch.ids[static_cast<std::size_t>(row)] >= 0 && !finite(written, row)) return false;
  return true;
}

Rows Decoder::keep_outputs(const Batch& batch) {
  std::vector<std::int32_t> kept = batch.outputs;
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  const auto prefill =
      std::lower_bound(kept.begin(), kept.end(), static_cast<std::int32_t>(batch.rows.decode_begin())) -
      kept.begin();
  const Rows rows{.prefill = prefill, .decode = std::ssize(kept) - prefill};
  std::vector<Backend::RowMove> moves;
  for (std::int64_t i = 0; i < std::ssize(kept); ++i)
    moves.push_back({.from = kept[static_cast<std::size_t>(i)],
                     .to = static_cast<std::int32_t>(i < prefill ? i : rows.decode_begin() + i - prefill)});
  backend_->move_rows(moves, *x_);
  backend_->move_rows(moves, *a_);
  outputs_.clear();
  for (const std::int32_t row : batch.outputs)
    outputs_.push_back(
        moves[static_cast<std::size_t>(std::lower_bound(kept.begin(), kept.end(), row) - kept.begin())].to);
  return rows;
}

std::vector<std::span<const float>> Decoder::logits() {
  const std::vector<std::int32_t>& rows = outputs_;
  if (rows.empty()) return {};
  stage_ = {Operation::logits, -1};
  return placed([&] {
    const ModelConfig& c = config();
    const Rows kind{.prefill = 0, .decode = static_cast<std::int64_t>(rows.size())};
    if (const std::int64_t n = kind.total(); n > logits_capacity_) {
      last_ = backend_->full(n, c.hidden);
      last_h_ = backend_->narrow(n, c.hidden);
      logits_ = backend_->full(n, c.vocab);
      logits_capacity_ = n;
    }
    backend_->gather(*x_, rows, *last_);
    backend_->rms_norm(*last_, output_norm_, kind, *last_h_);
    backend_->linear(*output_, *last_h_, kind, *logits_);
    std::vector<std::span<const float>> result;
    for (std::size_t i = 0; i < rows.size(); ++i)
      result.push_back(backend_->read(*logits_, static_cast<std::int64_t>(i)));
    return result;
  });
}

}  // namespace chorus::model
