#include "eval/table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace chorus::eval {
namespace {

Table methods() {
  Table table({{"method"}, {"accuracy", Table::number}, {"n", Table::number}});
  table.add({"flex", "0.907", "54"});
  table.add({"per_prompt", "-", "7"});
  return table;
}

TEST(Table, AlignsWordsLeftAndNumbersRight) {
  EXPECT_EQ(methods().text(),
            "method      accuracy   n\n"
            "flex           0.907  54\n"
            "per_prompt         -   7\n");
}

TEST(Table, CountsCodePointsAndKeepsToOneLine) {
  Table table({{"name"}, {"note"}});
  table.add({"Zürich", "two\nlines"});
  table.add({"Zurich", ""});
  EXPECT_EQ(table.text(),
            "name    note\n"
            "Zürich  two lines\n"
            "Zurich\n");
}

TEST(Table, WithoutRowsIsItsHeader) {
  const Table table({{"a"}, {"b", Table::number}});
  EXPECT_EQ(table.text(), "a  b\n");
  EXPECT_EQ(table.csv(), "a,b\n");
  EXPECT_EQ(nlohmann::json::parse(table.json()), nlohmann::json::array());
}

TEST(Table, QuotesInCsv) {
  Table table({{"q"}, {"n", Table::number}});
  table.add({"say \"hi\", twice", "1"});
  table.add({"two\nlines", "2"});
  EXPECT_EQ(table.csv(), "q,n\n\"say \"\"hi\"\", twice\",1\n\"two\nlines\",2\n");
}

TEST(Table, JsonKeepsNumbersAsWrittenAndIsAlwaysValid) {
  Table table({{"name"}, {"value", Table::number}});
  table.add({"12", "0.500"});
  table.add({"bad \xff utf-8 \"quoted\"", "-"});
  table.add({"", "1e3"});
  table.add({"x", "90 %"});
  const std::string text = table.json();
  EXPECT_NE(text.find("0.500"), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json[0]["name"], "12");
  EXPECT_EQ(json[0]["value"], 0.5);
  EXPECT_EQ(json[1]["name"], "bad \xEF\xBF\xBD utf-8 \"quoted\"");
  EXPECT_TRUE(json[1]["value"].is_null());
  EXPECT_EQ(json[2]["value"], 1000.0);
  EXPECT_EQ(json[3]["value"], "90 %");
  Table signs({{"difference", Table::number}});
  signs.add({"+0.111"});
  EXPECT_EQ(nlohmann::json::parse(signs.json())[0]["difference"], 0.111);
}

TEST(Table, MarkdownAndLatexEscape) {
  Table table({{"method_a"}, {"p", Table::number}});
  table.add({"a|b\nc", "<.001"});
  table.add({"50 % \\ {x}~", "-"});
  table.add({"x", "-0.5"});
  EXPECT_EQ(table.markdown(),
            "| method_a | p |\n|---|---:|\n| a\\|b c | <.001 |\n| 50 % \\\\ {x}~ | - |\n| x | -0.5 |\n");
  const std::string tabular =
      "\\begin{tabular}{lr}\n\\toprule\nmethod\\_a & p \\\\\n\\midrule\na$|$b c & $<$.001 \\\\\n"
      "50 \\% \\textbackslash{} \\{x\\}\\~{} & -- \\\\\nx & $-$0.5 \\\\\n\\bottomrule\n\\end{tabular}\n";
  EXPECT_EQ(table.latex(), tabular);
  EXPECT_EQ(table.latex("95 %", "tab:x"),
            "\\begin{table}\n\\centering\n\\caption{95 \\%}\n\\label{tab:x}\n" + tabular + "\\end{table}\n");
}

TEST(Table, WordsAreClippedWhereAskedAndColumnsAdded) {
  Table table({{"method"}, {"answer"}, {"n", Table::number}});
  table.add({"origin", "Tōkyōōō", "123456"});
  table.add({"avg", "Tōkyō", "1"});
  EXPECT_EQ(table.text(5), "method  answer       n\norigin  Tōky…   123456\navg     Tōkyō        1\n");
  EXPECT_EQ(table.with("match", "exact").csv(),
            "method,answer,n,match\norigin,Tōkyōōō,123456,exact\navg,Tōkyō,1,exact\n");
  EXPECT_EQ(table.csv(), "method,answer,n\norigin,Tōkyōōō,123456\navg,Tōkyō,1\n");
}

TEST(Table, RefusesRowsOfAnotherWidth) {
  Table table({{"a"}, {"b"}});
  EXPECT_THROW(table.add({"1"}), Error);
}

}  // namespace
}  // namespace chorus::eval
