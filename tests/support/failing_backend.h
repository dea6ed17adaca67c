// The backend of a decoder, all of it real, but that one call of attention or of a matrix product fails as it is told to.
//
//   auto backend = std::make_unique<FailingBackend>(model::make_cpu_backend(config, Compute::f32, 1));
//   FailingBackend& failing = *backend;   const auto decoder = tiny.decoder_on(std::move(backend));
//   failing.attention_fails(7, [] { throw std::bad_alloc(); });   // the call number 7 from now on, from 0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "model/backend.h"

namespace chorus::test {

class FailingBackend final : public model::Backend {
 public:
  explicit FailingBackend(std::unique_ptr<model::Backend> real) : real_(std::move(real)) {}

  void attention_fails(int call, std::function<void()> failure) { attention_ = {call, std::move(failure)}; }
  void linear_fails(int call, std::function<void()> failure) { linear_ = {call, std::move(failure)}; }

  void linear(const model::Matrix& w, const model::Tensor& in, const model::Rows& rows,
              model::Tensor& out) override {
    linear_.called();
    real_->linear(w, in, rows, out);
  }
  void attention(std::int64_t layer, model::Tensor& qkv, const AttentionWeights& weights, model::KvStore& kv,
                 const model::Rows& rows, model::AttentionPlan& plan, model::Tensor& out) override {
    attention_.called();
    real_->attention(layer, qkv, weights, kv, rows, plan, out);
  }

  std::unique_ptr<model::Matrix> pack(std::int64_t rows, std::int64_t cols,
                                      const model::RowSource& source) override {
    return real_->pack(rows, cols, source);
  }
  std::unique_ptr<model::Matrix> pack_gate_up(std::int64_t rows, std::int64_t cols,
                                              const model::RowSource& gate,
                                              const model::RowSource& up) override {
    return real_->pack_gate_up(rows, cols, gate, up);
  }
  std::unique_ptr<model::Tensor> full(std::int64_t rows, std::int64_t cols) override {
    return real_->full(rows, cols);
  }
  std::unique_ptr<model::Tensor> narrow(std::int64_t rows, std::int64_t cols) override {
    return real_->narrow(rows, cols);
  }
  std::unique_ptr<model::KvStore> kv_store(std::int64_t pages, std::int64_t page_tokens) override {
    return real_->kv_store(pages, page_tokens);
  }
  void embed(std::span<const std::int32_t> ids, const model::RowSource& source, model::Tensor& x) override {
    real_->embed(ids, source, x);
  }
  void rms_norm(const model::Tensor& x, std::span<const float> weight, const model::Rows& rows,
                model::Tensor& out) override {
    real_->rms_norm(x, weight, rows, out);
  }
  void linear_add(const model::Matrix& w, const model::Tensor& in, const model::Rows& rows,
                  model::Tensor& x) override {
    real_->linear_add(w, in, rows, x);
  }
  void gated(const model::Matrix& w, const model::Tensor& in, const model::Rows& rows,
             model::Tensor& out) override {
    real_->gated(w, in, rows, out);
  }
  void move_rows(std::span<const RowMove> moves, model::Tensor& x) override { real_->move_rows(moves, x); }
  void gather(const model::Tensor& x, std::span<const std::int32_t> rows, model::Tensor& out) override {
    real_->gather(x, rows, out);
  }
  std::span<const float> read(const model::Tensor& x, std::int64_t row) override {
    return real_->read(x, row);
  }
  core::ThreadPool& pool() override { return real_->pool(); }
  std::string description() const override { return real_->description(); }

 private:
  struct Failure {
    int left = -1;  // calls before the one that fails; negative: none will
    std::function<void()> fail = {};
    void called() {
      if (left >= 0 && left-- == 0) fail();
    }
  };

  std::unique_ptr<model::Backend> real_;
  Failure attention_, linear_;
};

}  // namespace chorus::test
