#include "data/phrasing_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "data/dataset.h"
#include "data/python_random.h"

namespace chorus::data {
namespace {

using Places = std::vector<std::size_t>;

constexpr int kUsualDraw = 5;

[[noreturn]] void refuse(std::string got, std::string expected, std::string todo) {
  throw Error(ErrorKind::usage, std::move(got), std::move(expected), std::move(todo));
}

/// random.sample(places, min(k, len(places))).
Places sampled(PythonRandom& random, const Places& places, int k) {
  Places chosen;
  for (const std::size_t i :
       random.sample(places.size(), std::min(static_cast<std::size_t>(k), places.size())))
    chosen.push_back(places[i]);
  return chosen;
}

Places drawn(const PhrasingChoice& choice, const Sample& sample) {
  Places manual(sample.paraphrases.size() - sample.num_auto), automatic(sample.num_auto);
  std::iota(manual.begin(), manual.end(), std::size_t{0});
  std::iota(automatic.begin(), automatic.end(), manual.size());
  PythonRandom random(fmt::format("{}:{}", choice.seed, sample.uuid));
  Places pool = sampled(random, manual, choice.num_manual.value());
  const Places more = sampled(random, automatic, choice.num_auto.value());
  pool.insert(pool.end(), more.begin(), more.end());
  return sampled(random, pool, choice.num_samples.value());
}

Places listed(const PhrasingChoice& choice, const Sample& sample) {
  Places places;
  for (const int index : choice.indexs)
    if (static_cast<std::size_t>(index) < sample.paraphrases.size())
      places.push_back(static_cast<std::size_t>(index));
  return places;
}

Places first(int n, const Sample& sample) {
  Places places(std::min(static_cast<std::size_t>(n), sample.paraphrases.size()));
  std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

Places chosen_places(const PhrasingChoice& choice, int n, const Sample& sample) {
  Places places = choice.draws()           ? drawn(choice, sample)
                  : !choice.indexs.empty() ? listed(choice, sample)
                                           : first(n, sample);
  if (places.empty())
    throw Error(ErrorKind::data,
                fmt::format("sample {} has {} phrasings, {} of them made by a program, and none is chosen",
                            sample.uuid, sample.paraphrases.size(), sample.num_auto),
                "at least one of those asked for", "choose others, or leave the sample out of the data");
  if (choice.repeat) places.assign(static_cast<std::size_t>(n), places.front());
  return places;
}

}  // namespace

int settle(PhrasingChoice& choice, int usual) {
  const bool lists = !choice.indexs.empty();
  if (lists && choice.draws())
    refuse("--indexs with --num-manual, --num-auto or --num-samples", "phrasings by number, or drawn ones",
           "leave one of them out");
  if (lists && choice.repeat)
    refuse("--repeat-phrasing with --indexs", "one of them",
           fmt::format("name the phrasing again and again: --indexs {0},{0}", choice.indexs.front()));
  for (const int index : choice.indexs)
    if (index < 0) refuse(fmt::format("phrasing {}", index), "0 or more", "correct --indexs");
  if (lists) return static_cast<int>(choice.indexs.size());
  if (!choice.draws()) return usual;
  const int manual = choice.num_manual.value_or(kUsualDraw), automatic = choice.num_auto.value_or(kUsualDraw),
            samples = choice.num_samples.value_or(usual);
  if (manual < 0 || automatic < 0 || samples < 1 || samples > manual + automatic)
    refuse(fmt::format("{} phrasings out of {} by people and {} by a program", samples, manual, automatic),
           "1 or more, and no more than both together", "correct --num-samples, --num-manual or --num-auto");
  choice.num_manual = manual;
  choice.num_auto = automatic;
  choice.num_samples = samples;
  return samples;
}

void choose_phrasings(const PhrasingChoice& choice, int n, Dataset& set) {
  if (choice.seed != 0 && !choice.draws())
    set.notes.push_back(fmt::format("nothing is drawn: --seed {} left unused", choice.seed));
  if (choice.indexs.empty() && !choice.draws() && !choice.repeat) return;
  const bool has_auto = std::any_of(set.samples.begin(), set.samples.end(),
                                    [](const Sample& sample) { return sample.num_auto > 0; });
  if (choice.num_auto.value_or(0) > 0 && !has_auto)
    set.notes.emplace_back("no phrasing of this set was made by a program: --num-auto draws none");
  for (Sample& sample : set.samples) {
    sample.places = chosen_places(choice, n, sample);
    std::vector<std::string> phrasings;
    for (const std::size_t place : sample.places) phrasings.push_back(sample.paraphrases[place]);
    const std::size_t by_people = sample.paraphrases.size() - sample.num_auto;
    sample.num_auto = static_cast<std::size_t>(std::count_if(
        sample.places.begin(), sample.places.end(), [&](std::size_t place) { return place >= by_people; }));
    sample.paraphrases = std::move(phrasings);
  }
}

Json settings_of(const PhrasingChoice& choice) {
  Json settings = Json::object();
  if (!choice.indexs.empty()) settings["indexs"] = choice.indexs;
  if (choice.repeat) settings["repeat_phrasing"] = true;
  if (!choice.draws()) return settings;
  settings["num_manual"] = choice.num_manual.value();
  settings["num_auto"] = choice.num_auto.value();
  settings["num_samples"] = choice.num_samples.value();
  settings["seed"] = choice.seed;
  return settings;
}

std::string draw_name(const PhrasingChoice& choice) {
  if (!choice.draws()) return "";
  return fmt::format("m{}a{}s{}", choice.num_manual.value(), choice.num_auto.value(),
                     choice.num_samples.value());
}

std::map<std::string, std::string> name_options(const PhrasingChoice& choice) {
  std::map<std::string, std::string> options;
  if (choice.draws()) options["seed"] = fmt::format("{}", choice.seed);
  if (choice.repeat) options["repeat"] = "first";
  return options;
}

}  // namespace chorus::data
