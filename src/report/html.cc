#include "report/html.h"

#include <fmt/format.h>

#include <cmath>

#include "eval/html_text.h"
#include "report/page.h"

namespace chorus::report {
namespace {

using data::Json;
using eval::html_escaped;

/// An SVG as the source of an image: figures keep apart what they name inside.
std::string data_uri(std::string_view svg) {
  std::string out = "data:image/svg+xml,";
  for (const char c : svg) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte > 0x20 && byte < 0x7F && std::string_view("\"#%<>&'").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

/// JSON inside a script element: no text of it may end the element.
std::string script_json(const Json& json) {
  const std::string text = data::dumped(json);
  std::string out;
  for (const char c : text) out += c == '<' ? "\\u003c" : std::string(1, c);
  return out;
}

Json json_of(const std::vector<Card>& cards) {
  Json list = Json::array();
  for (const Card& card : cards) {
    Json results = Json::array();
    for (const CardAnswer& answer : card.results) {
      Json entry{{"method", answer.method}, {"prediction", answer.prediction}, {"score", answer.score}};
      if (!answer.token_shares.empty()) {
        entry["shares"] = Json::array();
        for (const auto& row : answer.token_shares) {
          Json shares = Json::array();
          for (const double share : row) shares.push_back(std::round(share * 1000) / 1000);
          entry["shares"].push_back(shares);
        }
      }
      results.push_back(std::move(entry));
    }
    list.push_back({{"uuid", card.uuid},
                    {"phrasings", card.phrasings},
                    {"answers", card.answers},
                    {"results", results}});
  }
  return list;
}

std::string navigation(const Report& report) {
  std::string out = "<nav>";
  if (!report.figures.empty()) out += "<a href=\"#figures\">Figures</a> ";
  for (const eval::Section& section : report.sections)
    out += fmt::format("<a href=\"#{}\">{}</a> ", html_escaped(section.id), html_escaped(section.title));
  if (!report.cards.empty()) out += "<a href=\"#questions\">Questions</a> ";
  if (!report.manifests.empty()) out += "<a href=\"#manifests\">Manifests</a>";
  return out + "</nav>\n";
}

std::string explorer(const Report& report) {
  if (report.cards.empty()) return "";
  return fmt::format(
      "<h2 id=\"questions\">Questions</h2>\n<p class=\"note\">The arrow keys left and right go from question "
      "to "
      "question.</p>\n<div class=\"bar\"><input id=\"filter\" placeholder=\"find a text\" aria-label=\"find "
      "a text\">"
      "<select id=\"show\" aria-label=\"which questions\"><option value=\"all\">all</option><option "
      "value=\"differ\">methods differ</option>"
      "<option value=\"wrong\">any wrong</option><option value=\"none\">none right</option></select>"
      "<button id=\"back\">back</button><button id=\"next\">next</button><span id=\"place\" role=\"status\" "
      "class=\"small\"></span></div>\n<div id=\"card\"></div>\n"
      "<script id=\"cards\" type=\"application/json\">{}</script>\n<script>{}</script>\n",
      script_json(json_of(report.cards)), kExplorer);
}

/// What is wider than the screen scrolls by itself, with the keyboard too.
std::string scrolling(std::string_view label, std::string_view inside) {
  return fmt::format("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">{}</div>\n",
                     html_escaped(label), inside);
}

std::string section_of(const eval::Section& section) {
  constexpr std::size_t kLong = 40;  // rows that are shown unasked
  std::string table = scrolling(section.title, section.table.html());
  if (section.table.rows() > kLong)
    table = fmt::format("<details><summary>{} rows</summary>\n{}</details>\n", section.table.rows(), table);
  return fmt::format(
      "<h2 id=\"{}\">{}</h2>\n{}{}", html_escaped(section.id), html_escaped(section.title),
      section.note.empty() ? "" : fmt::format("<p class=\"note\">{}</p>\n", html_escaped(section.note)),
      table);
}

std::string warnings_of(const Report& report) {
  std::string out;
  for (const std::string& warning : report.warnings)
    out += fmt::format("<li>{}</li>\n", html_escaped(warning));
  return out.empty() ? out
                     : fmt::format(
                           "<div class=\"warnings\"><strong>What is compared differs in more than the "
                           "method:</strong>\n<ul>\n{}</ul></div>\n",
                           out);
}

}  // namespace

std::string html_of(const Report& report) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">"
      "<title>{0}</title><style>{1}</style></head>\n<body>\n<header><h1>{0}</h1>\n<p "
      "class=\"note\">{2}</p>\n{3}{4}"
      "</header>\n<main>\n",
      html_escaped(report.title), kStyle, html_escaped(report.intro), warnings_of(report),
      navigation(report));
  if (!report.figures.empty()) out += "<h2 id=\"figures\">Figures</h2>\n";
  for (const Figure& figure : report.figures)
    out += scrolling(
        figure.title,
        fmt::format("<img class=\"figure\" alt=\"{}; its numbers are in the tables below\" src=\"{}\">",
                    html_escaped(figure.title), data_uri(figure.svg)));
  for (const eval::Section& section : report.sections) out += section_of(section);
  out += explorer(report);
  if (!report.manifests.empty()) out += "<h2 id=\"manifests\">Manifests</h2>\n";
  for (const NamedJson& manifest : report.manifests)
    out += fmt::format("<details><summary>{}</summary><pre tabindex=\"0\">{}</pre></details>\n",
                       html_escaped(manifest.name), html_escaped(manifest.json.dump(2)));
  return out + "</main></body></html>\n";
}

}  // namespace chorus::report
