// The report: one HTML file that needs nothing but a browser: no network, no other file.
//
//   Report report{.title = "pararel / smollm2-135m", .intro = "match: gold-in-prediction, lemmas"};
//   report.figures.push_back({"Accuracy", bar_figure("Accuracy", bars, Format::svg)});
//   data::write_durable("report.html", html_of(report));
#pragma once

#include <string>
#include <vector>

#include "data/json.h"
#include "eval/analysis.h"

namespace chorus::report {

struct Figure {
  std::string title;
  std::string svg;
};

/// The answer of one run to a question.
struct CardAnswer {
  std::string method;  // with its N
  std::string prediction, generation;
  double score = 0;
  std::vector<std::vector<double>> token_shares;  // [generated token][paraphrase]; empty where there are none
};

/// A question for the explorer.
struct Card {
  std::string uuid;
  std::vector<std::string> phrasings, answers;
  std::vector<CardAnswer> results;
};

struct NamedJson {
  std::string name;
  data::Json json;
};

struct Report {
  std::string title, intro;
  std::vector<std::string> warnings;  // what makes the numbers hard to compare; stands before them
  std::vector<Figure> figures;
  std::vector<eval::Section> sections;
  std::vector<Card> cards;
  std::vector<NamedJson> manifests;
};

/// A whole document in UTF-8. Texts of models and data sets are escaped wherever they stand; the same report gives the same bytes.
std::string html_of(const Report& report);

}  // namespace chorus::report
