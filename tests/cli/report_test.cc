// chorus report over a run: one page, and figures as files.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

TEST(Report, OnePageAndItsFigures) {
  const Program program;
  write_file(program / "q.jsonl", questions(6));
  for (const char* method : {"per_prompt", "avg", "flex"})
    ASSERT_EQ(program.run(generate(program, {"--method", method})).code, 0);
  const Arguments arguments{"report",    "--output-dir", "out",         "--output", "page.html",
                            "--figures", "figures",      "--questions", "4"};
  ASSERT_EQ(program.run(arguments).code, 0);
  EXPECT_FALSE(fs::exists(program / "figures/accuracy_n.svg"));  // one N makes no line
  ASSERT_EQ(program.run(generate(program, {"--method", "avg", "--num-paraphrases", "2"})).code, 0);
  const Outcome done = program.run(arguments);
  ASSERT_EQ(done.code, 0) << done.err;
  const std::string page = read_file(program / "page.html");
  for (const char* part : {"<h1>jsonl / tiny</h1>", "id=\"accuracy\"",
                           "flex_attention-3.bos-scope=own.feather", "application/json"})
    EXPECT_THAT(page, HasSubstr(part));
  for (const char* name : {"accuracy", "accuracy_n", "seconds_n", "tokens_n", "mask"})
    for (const char* ending : {".svg", ".png"})
      EXPECT_TRUE(fs::exists(program / (std::string("figures/") + name + ending))) << name << ending;
  const std::size_t begin = page.find("type=\"application/json\">") + 24;
  const auto cards = nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  ASSERT_EQ(cards.size(), 4U);
  EXPECT_EQ(cards[0]["phrasings"].size(), 3U);
  EXPECT_EQ(cards[0]["results"].size(), 5U);  // three alone, avg, flex
  bool any_shares = false;
  for (const auto& result : cards[0]["results"]) any_shares = any_shares || result.contains("shares");
  EXPECT_TRUE(any_shares);
}

TEST(Report, WantsOneDataSetAndModel) {
  const Program program;
  write_file(program / "q.jsonl", questions(2));
  expect_failure(program.run({"report"}), 3, "no .feather file");
  ASSERT_EQ(program.run(generate(program, {"--method", "origin"})).code, 0);
  fs::copy(program / "out/jsonl", program / "out/other", fs::copy_options::recursive);
  expect_failure(program.run({"report", "--output-dir", "out"}), 2, "results of jsonl / tiny, other / tiny");
  EXPECT_EQ(program.run({"report", "--output-dir", "out", "--dataset", "other"}).code, 0);
}

}  // namespace
}  // namespace chorus::test
