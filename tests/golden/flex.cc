// golden/flex: outputs and log-sum-exps of torch's flex_attention in float64, through the reference and the kernel.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/safetensors.h"
#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "golden/flex_data.h"
#include "golden/golden.h"

namespace chorus::golden {
namespace {

using flex::Index;
using nlohmann::json;

constexpr double kUnit = 0x1p-24;  // rounding unit of float

/// One shape's tensors and the constants of its rules.
struct Shape {
  Shape(const json& d, const core::SafeTensors& file)
      : q_extents{d.at("B"), d.at("Hq"), d.at("Q"), d.at("D")},
        kv_extents{d.at("B"), d.at("Hkv"), d.at("KV"), d.at("D")},
        q_offset(d.at("q_offset")),
        window(d.at("window")),
        prefix(d.at("prefix")),
        original_length(d.at("original_length")),
        documents(ids_of(d.at("documents"), kv_extents.rows)),
        segments(ids_of(d.at("segments"), kv_extents.rows), static_cast<Index>(d.at("segments").size()), {},
                 original_length) {
    const std::string key = fmt::format("s{}.", d.at("shape_definition").get<int>());
    q = floats(file, key + "q");
    k = floats(file, key + "k");
    v = floats(file, key + "v");
    for (const json& weight : d.at("segment_weights"))
      log_weights.push_back(static_cast<float>(std::log(weight.get<double>())));
    for (Index h = 0; h < q_extents.heads; ++h) slopes.push_back(0.0625F * static_cast<float>(h + 1));
  }

  flex::Extents q_extents, kv_extents;
  Index q_offset, window, prefix, original_length;
  flex::Runs documents;
  flex::SegmentRelation segments;
  std::vector<float> q, k, v, log_weights, slopes;
};

/// Calls body with the mask mod of that name; false if there is none.
template <class Body>
bool with_mask(const std::string& name, const Shape& s, const Body& body) {
  using flex::causal;
  if (name == "causal")
    body(causal());
  else if (name == "sliding_window")
    body(flex::sliding_window(s.window));
  else if (name == "prefix_lm")
    body(flex::prefix_lm(s.prefix));
  else if (name == "document_causal")
    body(causal() & flex::document(s.documents));
  else if (name == "segment_ensemble")
    body(s.segments.mask());
  else if (name == "dilated")
    body(causal() & flex::dilated(3));
  else if (name == "head_dependent_window")
    body([](Index, Index h, Index q, Index kv) { return q >= kv && q - kv <= 8 * (h + 1); });
  else if (name == "none")
    body([](Index, Index, Index, Index) { return false; });
  else
    return false;
  return true;
}

using AnyScore = std::function<float(float, Index, Index, Index, Index)>;

/// The score mod of that name (empty for identity) and the largest change it can make to a score of size `score`.
std::pair<AnyScore, double> score_of(const std::string& name, const Shape& s, double score) {
  if (name == "identity") return {nullptr, 0.0};
  if (name == "alibi")
    return {flex::alibi(s.slopes), double{s.slopes.back()} * (s.q_offset + s.q_extents.rows)};
  if (name == "softcap_20") return {flex::soft_cap(20), score};
  if (name == "segment_log_weight") {
    double most = 0;
    for (const float w : s.log_weights) most = std::max(most, double{std::abs(w)});
    return {flex::segment_log_weight(s.documents.ids(), s.log_weights), most};
  }
  throw Error(ErrorKind::data, "score mod " + name, "a rule of the folder's README", "");
}

double largest_norm(const std::vector<float>& values, Index dim) {
  double most = 0;
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(dim)) {
    double sum = 0;
    for (std::size_t d = i; d < i + static_cast<std::size_t>(dim); ++d)
      sum += double{values[d]} * double{values[d]};
    most = std::max(most, std::sqrt(sum));
  }
  return most;
}

/// What a result may be away from the golden one: `out` for an output, `lse` for a log-sum-exp.
///
/// A score of at most S (product of the norms, scaled, and what the mod adds) is a sum of dim terms with 4 more
/// roundings: off by (sqrt(dim) + 4) u S. A weight is off by that relatively, by 8 u from the exponential and sqrt(n) u
/// from each sum over n keys; an output, a mean of values below max|v|, by twice that of max|v|.
struct Bound {
  double out, lse;
};
Bound float_bound(const Shape& s, double score) {
  const double relative =
      (std::sqrt(s.q_extents.dim) + 4) * kUnit * score + (8 + 2 * std::sqrt(s.kv_extents.rows)) * kUnit;
  double v = 0;
  for (const float x : s.v) v = std::max(v, double{std::abs(x)});
  return {2 * relative * v, relative + 4 * kUnit * (score + std::log(s.kv_extents.rows))};
}

struct Comparison {
  double used = 0;  // largest part of a bound used
  std::string failure;

  void check(const char* what, double got, double want, double bound, std::size_t at) {
    const bool empty = std::isinf(want);
    const double part = empty ? (got == want ? 0 : INFINITY) : std::abs(got - want) / bound;
    if (!(part <= 1) && failure.empty())
      failure = fmt::format("{} {}: got {:.9g}, expected {:.9g} within {:.2g}", what, at, got, want, bound);
    used = std::max(used, std::isnan(part) ? INFINITY : part);
  }

  template <class Out, class Lse>
  void check_all(const Out& out, const Lse& lse_at, const std::vector<float>& want_out,
                 const std::vector<float>& want_lse, Bound bound, std::string_view who) {
    const std::size_t before = failure.size(), dim = want_out.size() / want_lse.size();
    for (std::size_t i = 0; i < want_lse.size(); ++i) {
      check("LSE of row", lse_at(i), want_lse[i], bound.lse, i);
      for (std::size_t d = i * dim; d < (i + 1) * dim; ++d)
        if (std::isinf(want_lse[i]))
          check("output of an empty row", out[d] == 0 ? 0 : INFINITY, 0, 1, d);
        else
          check("output", out[d], want_out[d], bound.out, d);
    }
    if (failure.size() != before) failure = fmt::format("{}: {}", who, failure);
  }
};

template <class M>
std::string check_blocks(const json& entry, const Shape& s, const M& mask_mod, Index block) {
  const auto plain = [&](Index b, Index h, Index q, Index kv) { return mask_mod(b, h, q, kv); };
  const auto blocks = flex::BlockMask::make(plain, {.batch = s.q_extents.batch,
                                                    .heads = s.q_extents.heads,
                                                    .q_length = s.q_extents.rows,
                                                    .kv_length = s.kv_extents.rows,
                                                    .q_offset = s.q_offset,
                                                    .q_block = block,
                                                    .kv_block = block});
  blocks.validate();
  const auto got = blocks.count(flex::BlockKind::partial) + blocks.count(flex::BlockKind::full);
  const auto want = entry.at("kv_blocks").get<std::int64_t>();  // full ones included
  if (got != want) return fmt::format("{} blocks are not empty, expected {}", got, want);
  std::int64_t pairs = 0;
  for (Index b = 0; b < s.q_extents.batch; ++b)
    for (Index h = 0; h < s.q_extents.heads; ++h)
      for (Index q = 0; q < s.q_extents.rows; ++q)
        for (Index kv = 0; kv < s.kv_extents.rows; ++kv) pairs += mask_mod(b, h, s.q_offset + q, kv) ? 1 : 0;
  if (pairs != entry.at("allowed_pairs").get<std::int64_t>())
    return fmt::format("{} pairs allowed, expected {}", pairs, entry.at("allowed_pairs").dump());
  return "";
}

template <class M, class S>
void compare(const Shape& s, const core::SafeTensors& file, const std::string& key, const M& mask_mod,
             const S& score_mod, double score, core::ThreadPool& pool, Comparison& result) {
  const std::vector<float> want_out = floats(file, key + ".out"), want_lse = floats(file, key + ".lse");
  const auto q = flex::head_major(s.q.data(), s.q_extents), k = flex::head_major(s.k.data(), s.kv_extents),
             v = flex::head_major(s.v.data(), s.kv_extents);
  const Bound bound = float_bound(s, score);
  const auto reference = flex::reference_attention(q, k, v, {.q_offset = s.q_offset}, mask_mod, score_mod);
  // Doubles throughout but for the score a mod sees and the golden file's own rounding: a quarter of the bound is ample.
  result.check_all(
      reference.out, [&](std::size_t i) { return reference.lse[i]; }, want_out, want_lse,
      {bound.out / 4, bound.lse / 4}, "reference");
  const auto blocks = flex::BlockMask::make(mask_mod, {.batch = s.q_extents.batch,
                                                       .heads = s.q_extents.heads,
                                                       .q_length = s.q_extents.rows,
                                                       .kv_length = s.kv_extents.rows,
                                                       .q_offset = s.q_offset});
  std::vector<float> out(want_out.size()), first;
  std::vector<flex::LogSumExp> lse(want_lse.size());
  for (const flex::BlockMask* given : {static_cast<const flex::BlockMask*>(nullptr), &blocks}) {
    std::fill(out.begin(), out.end(), NAN);
    flex::attention(q, k, v, flex::head_major(out.data(), s.q_extents),
                    {.q_offset = s.q_offset, .block_mask = given, .lse = lse, .pool = &pool}, mask_mod,
                    score_mod);
    result.check_all(
        out, [&](std::size_t i) { return double{lse[i].value}; }, want_out, want_lse, bound,
        given == nullptr ? "kernel" : "kernel with a block mask");
    if (given == nullptr)
      first = out;
    else if (first != out && result.failure.empty())
      result.failure = "a block mask changes the kernel's result";
  }
}

void run_file(const std::filesystem::path& path, core::ThreadPool& pool, Report& report) {
  const json document = read_json(path);
  const std::filesystem::path tensors = std::filesystem::path(path).replace_extension(".safetensors");
  const std::string stem = "flex/" + path.stem().string();
  std::vector<const json*> cases;
  std::map<int, const json*> definitions;
  for (const json& entry : document.at("cases")) {
    if (entry.contains("shape_definition"))
      definitions[entry.at("shape_definition")] = &entry;
    else
      cases.push_back(&entry);
  }
  if (!std::filesystem::exists(tensors)) {
    for (const json* entry : cases)
      report.skipped(stem + " " + entry->at("key").get<std::string>(), tensors.string());
    return;
  }
  const core::SafeTensors file(tensors);
  std::map<int, std::unique_ptr<Shape>> shapes;
  double worst = 0;
  for (const json* entry : cases) {
    const auto key = entry->at("key").get<std::string>();
    Comparison result;
    try {
      auto& shape = shapes[entry->at("shape")];
      if (shape == nullptr) shape = std::make_unique<Shape>(*definitions.at(entry->at("shape")), file);
      const Shape& s = *shape;
      const double plain = largest_norm(s.q, s.q_extents.dim) * largest_norm(s.k, s.q_extents.dim) /
                           std::sqrt(s.q_extents.dim);
      const auto [score_mod, change] = score_of(entry->at("score_mod"), s, plain);
      const bool known = with_mask(entry->at("mask_mod"), s, [&](const auto& mask_mod) {
        result.failure = check_blocks(*entry, s, mask_mod, document.at("block_size"));
        if (score_mod)
          compare(s, file, key, mask_mod, score_mod, plain + change, pool, result);
        else
          compare(s, file, key, mask_mod, flex::KeepScore(), plain, pool, result);
      });
      if (!known) result.failure = "no mask mod of this name: " + entry->at("mask_mod").get<std::string>();
    } catch (const std::exception& e) {
      result.failure = e.what();
    }
    worst = std::max(worst, result.used);
    result.failure.empty() ? report.passed(stem + " " + key)
                           : report.failed(stem + " " + key, result.failure);
  }
  report.note(fmt::format("{}: {} cases, at most {:.3f} of the bound used", stem, cases.size(), worst));
}

}  // namespace

void run_flex(const Context& context, Report& report) {
  core::ThreadPool pool;
  for_each_file(context, "flex", report,
                [&](const std::filesystem::path& file) { run_file(file, pool, report); });
}

}  // namespace chorus::golden
