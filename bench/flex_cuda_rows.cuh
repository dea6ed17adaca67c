// The rows of the GPU benchmark: tensors made on the device, masks, verification, and timing.
//
//   for_each_row([&](const Row& row, const auto& host_mask, const auto& device_mask) {
//     run_row(row, host_mask, device_mask, [](auto& stream, const auto& t, const auto& options, const auto& mod) {
//       cuda::attention(stream, t.q, t.k, t.v, t.out, options, mod); }); });
#pragma once

#include <algorithm>
#include <cstdio>
#include <vector>

#include "flex/cuda/attention.cuh"
#include "flex/mods.h"
#include "flex/reference.h"

namespace chorus::flex::bench {

using Element = core::bf16;

struct Row {
  const char* name;
  Index batch, q_rows, kv_rows;
  Index segments = 0;  // 0: none
  Index q_heads = 24, kv_heads = 8, dim = 128;
  Extents q() const { return {batch, q_heads, q_rows, dim}; }
  Extents kv() const { return {batch, kv_heads, kv_rows, dim}; }
  bool decode() const { return q_rows == 1; }
};

/// Where segment i begins: equal parts, moved by up to 63 so that borders lie across blocks.
inline Index segment_begin(const Row& row, Index i) {
  const auto even = static_cast<Index>(std::int64_t{i} * row.kv_rows / row.segments);
  return i == 0 || i == row.segments ? even : even + 37 * i % 64;
}

/// Element i of a tensor: about normal (a sum of four uniform numbers), variance 1, the same on both devices.
FLEX_MOD inline std::uint16_t value_at(std::uint64_t seed, std::int64_t i) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(i) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  x ^= x >> 31;
  const auto sum = static_cast<float>((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48));
  union {
    float value;
    std::uint32_t bits;
  } both{(sum * 0x1p-16F - 2.0F) * 1.7320508F};
  return static_cast<std::uint16_t>(both.bits >> 16);
}

__global__ void make_values(std::uint16_t* to, std::int64_t count, std::uint64_t seed) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = blockIdx.x * std::int64_t{blockDim.x} + threadIdx.x; i < count; i += step)
    to[i] = value_at(seed, i);
}

struct DeviceTensors {
  View<const Element> q, k, v;
  View<Element> out;
};

inline std::int64_t count_of(Extents e) {
  return std::int64_t{e.batch} * e.heads * e.rows * e.dim;
}

/// A host copy of rows [first, first + rows) of a plane of a tensor made by make_values.
inline std::vector<Element> host_rows(Extents e, std::uint64_t seed, Index b, Index h, Index first,
                                      Index rows) {
  std::vector<Element> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(e.dim));
  const std::int64_t begin = ((std::int64_t{b} * e.heads + h) * e.rows + first) * e.dim;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i].bits = value_at(seed, begin + static_cast<std::int64_t>(i));
  return values;
}

/// The largest part of the error allowed that a sample of rows uses: weights and outputs are rounded to 2^-8, so an output
/// may be off by 2^-8 of the mean of |v| and of itself, and by 1e-4 for scores that are sums of floats.
template <class M>
double worst_use(const Row& row, const std::vector<Element>& out, const M& mask_mod) {
  double worst = 0;
  for (Index sample = 0; sample < 24; ++sample) {
    const auto b = static_cast<Index>(sample * 7919 % row.batch),
               h = static_cast<Index>(sample * 5 % row.q_heads);
    const auto r = static_cast<Index>(std::int64_t{sample + 1} * 104729 % row.q_rows);
    const Index kv_head = h / (row.q_heads / row.kv_heads), offset = row.kv_rows - row.q_rows + r;
    const auto q = host_rows(row.q(), 1, b, h, r, 1), k = host_rows(row.kv(), 2, b, kv_head, 0, row.kv_rows),
               v = host_rows(row.kv(), 3, b, kv_head, 0, row.kv_rows);
    auto size = v;
    for (Element& x : size) x.bits &= 0x7fff;
    const Extents one{1, 1, 1, row.dim}, all{1, 1, row.kv_rows, row.dim};
    const auto reference = [&](const std::vector<Element>& values) {
      return reference_attention(head_major(q.data(), one), head_major(k.data(), all),
                                 head_major(values.data(), all), {.q_offset = offset}, mask_mod);
    };
    const ReferenceResult want = reference(v), sizes = reference(size);
    for (Index d = 0; d < row.dim; ++d) {
      const auto i = static_cast<std::size_t>(d);
      const double got = float{out[static_cast<std::size_t>(
          ((std::int64_t{b} * row.q_heads + h) * row.q_rows + r) * row.dim + d)]};
      const double bound = 0x1p-8 * (sizes.out[i] + std::abs(want.out[i])) + 1e-4;
      const double used = std::abs(got - want.out[i]) / bound;
      worst = used <= worst ? worst : used;
      if (!(used == used)) worst = INFINITY;
    }
  }
  return worst;
}

template <class M>
std::int64_t allowed_pairs(const Row& row, const M& mask_mod) {
  std::int64_t pairs = 0;
  for (Index r = 0; r < row.q_rows; ++r)
    for (Index j = 0; j < row.kv_rows; ++j) pairs += mask_mod(0, 0, row.kv_rows - row.q_rows + r, j) ? 1 : 0;
  return pairs * row.batch * row.q_heads;
}

/// Milliseconds of one call: the median of 9 groups of 10 calls after 3 to warm up.
template <class Call>
double time_of(cuda::Stream& stream, const Call& call) {
  for (int i = 0; i < 3; ++i) call();
  std::vector<float> times;
  for (int group = 0; group < 9; ++group) {
    cuda::Event begin, end;
    begin.record(stream);
    for (int i = 0; i < 10; ++i) call();
    end.record(stream);
    times.push_back(end.milliseconds_since(begin) / 10);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// Verifies, times and prints a row; false if the result is wrong (it is not timed then).
template <class HostMask, class DeviceMask, class Attention>
bool run_row(const Row& row, const HostMask& host_mask, const DeviceMask& device_mask,
             const Attention& attention, const char* variant = "") {
  cuda::Stream stream;
  const auto make = [&](Extents e, std::uint64_t seed) {
    cuda::Buffer<Element> buffer(static_cast<std::size_t>(count_of(e)));
    make_values<<<2048, 256, 0, stream.handle()>>>(reinterpret_cast<std::uint16_t*>(buffer.data()),
                                                   count_of(e), seed);
    cuda::check_launch("making values");
    return buffer;
  };
  const auto q = make(row.q(), 1), k = make(row.kv(), 2), v = make(row.kv(), 3);
  cuda::Buffer<Element> out(q.size());
  out.fill(stream, 0xff);  // NaN
  const DeviceTensors t{head_major<const Element>(q.data(), row.q()),
                        head_major<const Element>(k.data(), row.kv()),
                        head_major<const Element>(v.data(), row.kv()), head_major(out.data(), row.q())};
  const Index offset = row.kv_rows - row.q_rows;
  const BlockMask blocks = BlockMask::make(
      host_mask,
      {.q_length = row.q_rows, .kv_length = row.kv_rows, .q_offset = offset, .q_block = 32, .kv_block = 32});
  const cuda::DeviceBlockMask device_blocks(stream, blocks);
  const cuda::Options options{.q_offset = offset, .block_mask = &device_blocks};
  attention(stream, t, options, device_mask);
  const double used = worst_use(row, out.to_host(stream), host_mask);
  if (!(used <= 1)) {
    std::printf("{\"row\": \"%s\", \"variant\": \"%s\", \"error\": \"%.3g of the bound used\"}\n", row.name,
                variant, used);
    return false;
  }
  const double ms = time_of(stream, [&] { attention(stream, t, options, device_mask); });
  const double flops = 4.0 * row.dim * static_cast<double>(allowed_pairs(row, host_mask));
  const double bytes = 2.0 * static_cast<double>(2 * count_of(row.kv()) + 2 * count_of(row.q()));
  std::printf(
      "{\"row\": \"%s\", \"variant\": \"%s\", \"ms\": %.4f, \"tflops\": %.1f, \"tb_per_s\": %.3f, \"used\": "
      "%.3f}\n",
      row.name, variant, ms, flops / ms * 1e-9, bytes / ms * 1e-9, used);
  std::fflush(stdout);
  return true;
}

/// body(row, host mask, device mask) for each row.
template <class Body>
void for_each_row(const Body& body) {
  const auto by_segments = [&](const Row& row) {
    std::vector<Index> ids(static_cast<std::size_t>(row.kv_rows));
    for (Index i = 0; i < row.segments; ++i)
      for (Index j = segment_begin(row, i); j < segment_begin(row, i + 1); ++j)
        ids[static_cast<std::size_t>(j)] = i;
    const Runs runs(ids);
    cuda::Stream stream;
    const cuda::Buffer<Index> device_ids(stream, runs.ids());
    stream.synchronize();
    body(row, causal() & document(runs), causal() & Document(runs.view(device_ids.data())));
  };
  body(Row{"causal S=8192 B=2", 2, 8192, 8192}, causal(), causal());
  by_segments({"16 segments S=8192 B=2", 2, 8192, 8192, 16});
  by_segments({"5 segments S=8192 B=2", 2, 8192, 8192, 5});
  body(Row{"window 1024 S=8192 B=2", 2, 8192, 8192}, sliding_window(1023), sliding_window(1023));
  by_segments({"5 segments S=768 B=16", 16, 768, 768, 5});
  body(Row{"decode kv=768 B=256", 256, 1, 768}, AllowAll(), AllowAll());
}

}  // namespace chorus::flex::bench
