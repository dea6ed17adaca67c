// golden/flex on the device: outputs and log-sum-exps of torch's flex_attention in float64. Inputs are rounded to 16 bits, so
// what they are compared with is the reference on the rounded inputs, which the golden runner holds to the same files; here
// the golden values must be met within what the rounding of q, k and v can do.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/safetensors.h"
#include "device_fixture.cuh"
#include "golden/flex_data.h"

namespace chorus::flex::cuda {
namespace {

using golden::floats;
using golden::ids_of;
using nlohmann::json;
using testing::DeviceCase;
using T = core::f16;

std::vector<T> rounded(const std::vector<float>& values) {
  std::vector<T> all(values.size());
  std::transform(values.begin(), values.end(), all.begin(), [](float x) { return T::from_float(x); });
  return all;
}

/// One shape's tensors on the device, and the data its mods point to, on both sides.
struct Shape {
  Shape(const json& d, const core::SafeTensors& file, const std::string& key)
      : c({.batch = d.at("B"),
           .kv_heads = d.at("Hkv"),
           .group = d.at("Hq").get<Index>() / d.at("Hkv").get<Index>(),
           .q_rows = d.at("Q"),
           .kv_rows = d.at("KV"),
           .dim = d.at("D")},
          rounded(floats(file, key + "q")), rounded(floats(file, key + "k")),
          rounded(floats(file, key + "v"))),
        q_offset(d.at("q_offset")),
        window(d.at("window")),
        prefix(d.at("prefix")),
        documents(ids_of(d.at("documents"), c.s.kv_rows)),
        segments(ids_of(d.at("segments"), c.s.kv_rows), static_cast<Index>(d.at("segments").size()), {},
                 d.at("original_length").get<Index>()),
        device_ids(c.stream, documents.ids()),
        device_segments(c.stream, segments.segment_of()),
        device_sees(c.stream, segments.sees()) {
    for (const json& weight : d.at("segment_weights"))
      log_weights.push_back(static_cast<float>(std::log(weight.get<double>())));
    for (Index h = 0; h < c.s.q().heads; ++h) slopes.push_back(0.0625F * static_cast<float>(h + 1));
    device_weights = Buffer<float>(c.stream, log_weights);
    device_slopes = Buffer<float>(c.stream, slopes);
  }
  std::span<const float> weights_there() const { return {device_weights.data(), device_weights.size()}; }
  std::span<const float> slopes_there() const { return {device_slopes.data(), device_slopes.size()}; }
  std::span<const Index> ids_there() const { return {device_ids.data(), device_ids.size()}; }

  DeviceCase<T> c;
  Index q_offset, window, prefix;
  Runs documents;
  SegmentRelation segments;
  std::vector<float> log_weights, slopes;
  Buffer<Index> device_ids, device_segments;
  Buffer<unsigned char> device_sees;
  Buffer<float> device_weights, device_slopes;
};

struct Golden {
  std::vector<float> out, lse;
};

/// Runs the mods on the device; they are compared with the reference and with the golden values.
template <class HostMask, class HostScore, class Mask, class Score>
void expect(Shape& s, const Golden& golden, const HostMask& host_mask, const HostScore& host_score,
            const Mask& mask_mod, const Score& score_mod, double& worst) {
  const Extents e = s.c.s.q();
  const auto blocks = BlockMask::make(host_mask, {.batch = e.batch,
                                                  .heads = e.heads,
                                                  .q_length = e.rows,
                                                  .kv_length = s.c.s.kv_rows,
                                                  .q_offset = s.q_offset});
  const DeviceBlockMask device_blocks(s.c.stream, blocks);
  for (const DeviceBlockMask* given : {static_cast<const DeviceBlockMask*>(nullptr), &device_blocks}) {
    // Every other run by the portable kernel.
    s.c.run({.q_offset = s.q_offset, .block_mask = given, .portable = given != nullptr}, mask_mod, score_mod);
    const double used = s.c.used(s.q_offset, host_mask, host_score);
    EXPECT_LE(used, 1.0);
    worst = std::max(worst, used);
    // Each score moves by at most 2 u of the product of the norms, an output by twice that and by u of itself.
    const double u = 0x1p-11, score = 2.5 * std::sqrt(e.dim) + 10, moved = 2 * u * score;
    for (std::size_t i = 0; i < golden.out.size(); ++i)
      ASSERT_LE(std::abs(double{float{s.c.out[i]}} - golden.out[i]), (2 * moved + 4 * u) * 5.5) << i;
    for (std::size_t i = 0; i < golden.lse.size(); ++i)
      if (std::isinf(golden.lse[i]))
        ASSERT_EQ(s.c.lse[i].value, golden.lse[i]);
      else
        ASSERT_LE(std::abs(double{s.c.lse[i].value} - golden.lse[i]), moved) << i;
  }
}

void run_case(Shape& s, const std::string& rule, const Golden& golden, double& worst) {
  const auto same = [&](const auto& mask_mod, const auto& score_mod) {
    expect(s, golden, mask_mod, score_mod, mask_mod, score_mod, worst);
  };
  const KeepScore keep;
  const auto document = causal() & Document(s.documents.view());
  const auto document_there = causal() & Document(s.documents.view(s.device_ids.data()));
  const auto segment_there = s.segments.mask(s.device_segments.data(), s.device_sees.data());
  const auto near = [] FLEX_MOD(Index, Index h, Index q, Index kv) {
    return q >= kv && q - kv <= 8 * (h + 1);
  };
  const auto never = [] FLEX_MOD(Index, Index, Index, Index) { return false; };
  if (rule == "causal.identity")
    same(causal(), keep);
  else if (rule == "sliding_window.identity")
    same(sliding_window(s.window), keep);
  else if (rule == "prefix_lm.identity")
    same(prefix_lm(s.prefix), keep);
  else if (rule == "document_causal.identity")
    expect(s, golden, document, keep, document_there, keep, worst);
  else if (rule == "segment_ensemble.identity")
    expect(s, golden, s.segments.mask(), keep, segment_there, keep, worst);
  else if (rule == "dilated.identity")
    same(causal() & dilated(3), keep);
  else if (rule == "head_dependent_window.identity")
    same(near, keep);
  else if (rule == "none.identity")
    same(never, keep);
  else if (rule == "causal.alibi")
    expect(s, golden, causal(), alibi(s.slopes), causal(), alibi(s.slopes_there()), worst);
  else if (rule == "causal.softcap_20")
    same(causal(), soft_cap(20));
  else if (rule == "segment_ensemble.segment_log_weight")
    expect(s, golden, s.segments.mask(), segment_log_weight(s.documents.ids(), s.log_weights), segment_there,
           segment_log_weight(s.ids_there(), s.weights_there()), worst);
  else if (rule == "document_causal.alibi")
    expect(s, golden, document, alibi(s.slopes), document_there, alibi(s.slopes_there()), worst);
  else
    ADD_FAILURE() << "no rule " << rule;
}

TEST(CudaGolden, Flex) {
  SKIP_WITHOUT_DEVICE();
  const char* named = std::getenv("CHORUS_GOLDEN");
  const std::filesystem::path folder = named != nullptr
                                           ? std::filesystem::path(named)
                                           : std::filesystem::path(CHORUS_SOURCE_DIR) / "../shared/golden";
  const auto path = folder / "flex" / "flex-zoo-dev.json";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "no " << path << "; CHORUS_GOLDEN names the folder of golden files";
  const json all = json::parse(std::ifstream(path));
  const core::SafeTensors file(std::filesystem::path(path).replace_extension(".safetensors"));
  std::map<int, Shape> shapes;
  for (const json& entry : all.at("cases"))
    if (entry.contains("shape_definition")) {
      const int number = entry.at("shape_definition");
      shapes.try_emplace(number, entry, file, "s" + std::to_string(number) + ".");
    }
  int cases = 0;
  double worst = 0;
  for (const json& entry : all.at("cases")) {
    if (!entry.contains("key")) continue;
    const std::string key = entry.at("key");
    SCOPED_TRACE(key);
    run_case(shapes.at(entry.at("shape")), key.substr(key.find('.') + 1),
             {floats(file, key + ".out"), floats(file, key + ".lse")}, worst);
    ++cases;
  }
  std::printf("%d cases, %.3f of the bound used\n", cases, worst);
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace chorus::flex::cuda
