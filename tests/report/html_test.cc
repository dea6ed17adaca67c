// The page holds what it was given, and no text of a model or a data set gets out of its place.
#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chorus::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Report hostile() {
  const std::string text = "</script><script>alert(1)</script> & \"x\" <b>";
  Report report{.title = text, .intro = text, .warnings = {text}};
  report.figures.push_back({text, "<svg id=\"a\">100 % #</svg>"});
  eval::Table table({{text}, {"n", eval::Table::number}});
  table.add({text, "1"});
  report.sections.push_back({"accuracy", "Accuracy", text, table});
  report.cards.push_back({.uuid = text,
                          .phrasings = {text},
                          .answers = {text},
                          .results = {{text, text, text, 1.0, {{0.25, 0.5}}}}});
  report.manifests.push_back({text, {{"key", text}}});
  return report;
}

TEST(Html, HoldsItsPartsAndAsksNothingOfTheNetwork) {
  const std::string page = html_of(hostile());
  EXPECT_THAT(page, testing::StartsWith("<!DOCTYPE html>"));
  for (const char* part : {"id=\"figures\"", "id=\"accuracy\"", "id=\"questions\"", "id=\"manifests\"",
                           "0.25", "data:image/svg+xml,%3Csvg"})
    EXPECT_THAT(page, HasSubstr(part));
  for (const char* part : {"http://", "https://", "src=\"/", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(part))) << part;
  EXPECT_TRUE(html_of(hostile()) == page);
}

TEST(Html, TextsStayTexts) {
  const std::string page = html_of(hostile());
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  std::size_t scripts = 0;
  for (std::size_t at = page.find("</script>"); at != std::string::npos; at = page.find("</script>", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 2U);  // the cards and the explorer
}

TEST(Html, LongTablesAreFoldedAndWarningsStandFirst) {
  eval::Table table({{"uuid"}});
  for (int i = 0; i < 100; ++i) table.add({"q"});
  Report report{.title = "t", .warnings = {"dtype differs"}};
  report.sections.push_back({"errors", "Errors", "", table});
  const std::string page = html_of(report);
  EXPECT_THAT(page, HasSubstr("<details><summary>100 rows</summary>"));
  EXPECT_LT(page.find("dtype differs"), page.find("<nav>"));
}

TEST(Html, AnEmptyReportIsAPage) {
  EXPECT_THAT(html_of({.title = "t"}), HasSubstr("</html>"));
}

}  // namespace
}  // namespace chorus::report
