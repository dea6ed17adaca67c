// What a mask mod and a score mod are: plain callables on scalar indices, inlined into the kernels.
//
// A mask mod is `bool(Index b, Index h, Index q, Index kv)`: may query row q of query head h in batch b see key kv?
// A score mod is `float(float score, Index b, Index h, Index q, Index kv)`: the score arrives scaled, in natural-log
// units. q is the row plus the call's q_offset. Captured data is held by value or by pointer and must outlive the call.
//
//   auto every_other = [] FLEX_MOD (Index, Index, Index q, Index kv) { return (q - kv) % 2 == 0; };
//   attention(q, k, v, out, {.pool = &pool}, causal() & mask(every_other));
#pragma once

#include <concepts>
#include <type_traits>

#include "flex/index.h"

// After a lambda's capture list: makes it callable on both devices under nvcc, nothing elsewhere.
#if defined(__CUDACC__)
#define FLEX_MOD __host__ __device__
#else
#define FLEX_MOD
#endif

namespace chorus::flex {

// The names of these concepts are what a compiler says of a callable that is no mod.
template <class F>
concept not_a_negated_lambda =
    !std::same_as<F, bool>;  // !lambda is a bool: a lambda is a pointer, and that is not null
template <class F>
concept takes_batch_head_query_key = std::is_invocable_v<const F&, Index, Index, Index, Index>;
template <class F>
concept returns_bool = std::same_as < std::invoke_result_t<const F&, Index, Index, Index, Index>,
bool > ;
template <class F>
concept takes_score_batch_head_query_key = std::is_invocable_v<const F&, float, Index, Index, Index, Index>;
template <class F>
concept returns_float = std::same_as < std::invoke_result_t<const F&, float, Index, Index, Index, Index>,
float > ;

/// `bool operator()(Index b, Index h, Index q, Index kv) const`. Note that `!lambda` is a bool, no mod: use not_mask.
template <class F>
concept MaskMod =
    not_a_negated_lambda<F> && takes_batch_head_query_key<F> && returns_bool<F> && std::copy_constructible<F>;

/// `float operator()(float score, Index b, Index h, Index q, Index kv) const`.
template <class F>
concept ScoreMod = takes_score_batch_head_query_key<F> && returns_float<F> && std::copy_constructible<F>;

/// How far the indices of a call go: each is below its number here.
struct Reach {
  Index batch = 0, heads = 0, q = 0, kv = 0;
};

/// Throws Error(usage) if what a mod captured does not cover the indices of a call. A mod of tables says so in a member
/// `void check_reach(const Reach& reach) const`; any other has nothing to check.
template <class F>
void check_reach(const F& mod, const Reach& reach) {
  if constexpr (requires { mod.check_reach(reach); }) mod.check_reach(reach);
}

/// Throws Error(usage): "mod NAME with ARGUMENT VALUE".
[[noreturn]] void refuse_mod_argument(const char* mod, const char* argument, double value,
                                      const char* expected);

/// What a mask does with a block of (query, key) pairs.
enum class BlockKind : unsigned char { empty, partial, full };

/// Base of flex's own mask mods: the operators & | ! are found through it.
struct MaskOperand {};

/// The score mod that changes nothing; kernels skip it.
struct KeepScore {
  FLEX_MOD constexpr float operator()(float score, Index, Index, Index, Index) const { return score; }
};

}  // namespace chorus::flex
