// The manifest beside a result: everything that decides its content, and nothing that may differ between
// equal runs.
//
//   Manifest m{.configuration = c, .versions = {{"chorus", "0.1.0"}}, .counts = {{"samples", 500}}};
//   Json json = manifest_json(m, table, {{"feather", feather_bytes(table)}, {"csv", csv_bytes(table)}});
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/configuration.h"
#include "data/json.h"
#include "data/table.h"

namespace chorus::data {

struct Manifest {
  Configuration configuration = {};
  Json versions = Json::object();  // what computed it, as far as it decides the result (program, formats)
  Json counts = Json::object();    // samples, samples with too few paraphrases, notes of the data set
};

/// What a table's files hold, by form.
using TableFiles = std::vector<std::pair<std::string, std::string>>;

/// Format version, configuration, inputs, versions, counts, columns, row count, and size and SHA-256 of every
/// file.
Json manifest_json(const Manifest& manifest, const Table& table, const TableFiles& files);

/// A manifest as read back. Throws Error(io) when it cannot be read, Error(data) when it is none of ours.
Json read_manifest(const std::filesystem::path& path);

/// The configuration part of a manifest, in the form of Configuration::complete().
Json manifest_configuration(const Json& manifest);

}  // namespace chorus::data
