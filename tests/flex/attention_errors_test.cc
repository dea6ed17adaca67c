// What attention() and its mods refuse, and how they say it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "attention_fixture.h"
#include "core/error.h"

namespace chorus::flex {
namespace {

using testing::Tensors;
using testing::used;

TEST(AttentionErrors, NameWhatDoesNotFit) {
  Tensors<float> t({.kv_heads = 2, .group = 2, .q_rows = 4, .kv_rows = 4, .dim = 8});
  const auto message = [&](const AttentionOptions& options, auto change) -> std::string {
    View<const float> q = t.q_view(), k = t.k_view(), v = t.v_view();
    View<float> out = head_major(t.out.data(), t.s.q());
    change(q, k, v, out);
    try {
      attention(q, k, v, out, options);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  using ::testing::HasSubstr;
  const auto nothing = [](auto&...) {};
  EXPECT_EQ(message({}, nothing), "no error");
  EXPECT_THAT(message({}, [](auto& q, auto& k, auto&, auto&) { q.extents.dim = k.extents.dim = 12; }),
              HasSubstr("head dims 12"));
  EXPECT_THAT(message({}, [](auto&, auto& k, auto& v, auto&) { k.extents.heads = v.extents.heads = 3; }),
              HasSubstr("4 query heads over 3 kv heads"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto& v, auto&) { v.extents.rows = 3; }),
              HasSubstr("v of 2 heads, 3 rows"));
  std::vector<LogSumExp> lse(3);
  EXPECT_THAT(message({.lse = lse}, nothing), HasSubstr("lse of 3 entries; expected none or 16"));
  const auto blocks = BlockMask::make(AllowAll(), {.q_length = 4, .kv_length = 5});
  EXPECT_THAT(message({.block_mask = &blocks}, nothing), HasSubstr("5 keys; expected 4 rows from 0, 4 keys"));
  const auto narrow = BlockMask::make(AllowAll(), {.q_length = 4, .kv_length = 4, .kv_block = 32});
  EXPECT_THAT(message({.block_mask = &narrow}, nothing), HasSubstr("key blocks of 32"));
  const auto lower = BlockMask::make(causal(), {.q_length = 4, .kv_length = 4});
  EXPECT_THAT(message({.block_mask = &lower}, nothing),
              HasSubstr("a block mask with 1 partial blocks and no mask mod"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto& v, auto&) { v.data = nullptr; }),
              HasSubstr("v of 1 x 2 x 4 x 8 without data"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto&, auto& out) { out.row_stride = 0; }),
              HasSubstr("out with strides 128, 32, 0"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto&, auto& out) { out.row_stride = 4; }),
              HasSubstr("a place of its own for every row"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto&, auto& out) { out.head_stride = 24; }),
              HasSubstr("out with strides 128, 24, 8"));
  EXPECT_THAT(message({}, [](auto&, auto& k, auto&, auto& out) { k.data = out.data; }),
              HasSubstr("out at the place of k"));
  EXPECT_EQ(message({}, [](auto&, auto&, auto&, auto& out) { out = token_major(out.data, out.extents); }),
            "no error");
  EXPECT_THAT(message({}, [](auto& q, auto&, auto&, auto&) { q = {}; }),
              HasSubstr("head dims 0 of q and 8 of v; expected multiples of 8 up to 256; make the views"));
  EXPECT_THAT(message({}, [](auto&, auto&, auto&, auto& out) { out.extents.rows = 3; }),
              HasSubstr("out of batch 1, 4 heads, 3 rows, head dim 8; expected q's"));
  EXPECT_THAT(message({},
                      [](auto&, auto& k, auto& v, auto&) {
                        k.extents.rows = v.extents.rows = 2147483600;
                        k.row_stride = v.row_stride = 0;
                      }),
              HasSubstr("2147483600 keys; expected at most 2147483520"));
  EXPECT_THAT(message({.scale = NAN}, nothing), HasSubstr("scale nan"));
  EXPECT_THAT(message({.q_offset = 2147483647}, nothing), HasSubstr("q_offset 2147483647"));
}

// A table of a mod that is too short for the call is refused before it is read, in release builds too, wherever it stands in a
// combination; a row or a key that no call reaches needs none.
TEST(AttentionErrors, ModsThatCapturedTooLittle) {
  Tensors<float> t({.group = 3, .q_rows = 10, .kv_rows = 10, .dim = 8});
  const Runs nine(std::vector<Index>(9, 0));
  const Tree tree({-1, 0, 1});
  const std::vector<float> two(2, 0.5F);
  const auto refused = [&](const auto& mask_mod, const auto& score_mod, const char* why) {
    EXPECT_THAT(([&] { t.run({}, mask_mod, score_mod); }),
                ::testing::ThrowsMessage<Error>(::testing::HasSubstr(why)));
    EXPECT_THROW(used(t, {}, mask_mod, score_mod), Error);
  };
  refused(document(nine), KeepScore(),
          "mod document has data for 9 tokens; expected 10, as many as the call has");
  refused(!(causal() & document(nine)), KeepScore(), "mod document");
  refused(offset(document_causal(nine), 0), KeepScore(), "mod document_causal has data for 9 query rows");
  refused(shared_prefix(2, nine) | causal(), KeepScore(), "mod shared_prefix");
  refused(tree.ancestors(), KeepScore(), "mod tree_ancestors has data for 3 tokens");
  refused(causal(), alibi(two), "mod alibi has data for 2 query heads; expected 3");
  refused(causal(), relative_bias(two, 1), "mod relative_bias");
  refused(causal(), relative_bias(two, 2000000000), "12000000003");
  refused(causal(), sandwich(two, 3), "mod sandwich has data for 2 distances; expected 10");
  EXPECT_THROW(BlockMask::make(tree.ancestors(), {.q_length = 4, .kv_length = 3}), Error);
  t.run({}, batchify(document(nine), 9));
  t.run({.keys = Range{}}, document(nine));
  BlockMask::make(document(nine), {.q_length = 0, .kv_length = 50});
}

TEST(ModArguments, OutOfRangeAreRefused) {
  using ::testing::HasSubstr;
  using ::testing::ThrowsMessage;
  EXPECT_THAT([] { dilated(0); },
              ThrowsMessage<Error>(HasSubstr("mod dilated with step 0; expected 1 or more")));
  EXPECT_THAT([] { dilated_window(-1, 2); },
              ThrowsMessage<Error>(HasSubstr("mod symmetric_window with window -1")));
  EXPECT_THROW(dilated_window(6, 0), Error);
  EXPECT_THROW(block_causal(0), Error);
  EXPECT_THROW(batchify(causal(), 0), Error);
  EXPECT_THROW(block_diffusion(6, 0), Error);
  EXPECT_THROW(block_diffusion(-1, 2), Error);
  EXPECT_THROW(sliding_window(-1), Error);
  EXPECT_THROW(global_window(-1, 2), Error);
  EXPECT_THROW(prefix_lm(-1), Error);
  EXPECT_THROW(shared_prefix(-1, RunsView()), Error);
  EXPECT_THROW(offset(causal(), -1), Error);
  EXPECT_THROW(offset(causal(), 0, -4), Error);
  EXPECT_THROW(soft_cap(0), Error);
  EXPECT_THROW(soft_cap(NAN), Error);
  static_assert(sliding_window(3)(0, 0, 4, 1));
}

}  // namespace
}  // namespace chorus::flex
