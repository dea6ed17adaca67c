#include "data/manifest.h"

#include "core/error.h"
#include "data/digest.h"
#include "data/durable_file.h"

namespace chorus::data {
namespace {

constexpr int kFormat = 1;

Json file_entry(std::string_view bytes) {
  return {{"bytes", bytes.size()}, {"sha256", sha256_hex(bytes)}};
}

}  // namespace

Json manifest_json(const Manifest& manifest, const Table& table, const TableFiles& files) {
  Json columns = Json::array();
  for (const auto& field : table.schema())
    columns.push_back({{"name", field.name}, {"type", type_name(field.type)}});
  Json json = Json::object();
  json["chorus_manifest"] = kFormat;
  json["configuration"] = object_or_empty(manifest.configuration.settings);
  json["inputs"] = object_or_empty(manifest.configuration.inputs);
  json["versions"] = object_or_empty(manifest.versions);
  json["counts"] = object_or_empty(manifest.counts);
  json["rows"] = table.rows();
  json["columns"] = columns;
  json["files"] = Json::object();
  for (const auto& [form, bytes] : files) json["files"][form] = file_entry(bytes);
  return json;
}

Json read_manifest(const std::filesystem::path& path) {
  Json json = Json::parse(read_file(path), nullptr, false);
  const bool ours = json.is_object() && json.contains("chorus_manifest") &&
                    json["chorus_manifest"] == kFormat && json.contains("configuration") &&
                    json["configuration"].is_object() && json.contains("inputs") &&
                    json["inputs"].is_object() && json.contains("files") && json["files"].is_object();
  if (ours) return json;
  throw Error(ErrorKind::data, path.string() + " is no manifest of this program",
              "the manifest of a finished run", "move it away");
}

Json manifest_configuration(const Json& manifest) {
  Configuration configuration;
  configuration.settings = manifest.at("configuration");
  configuration.inputs = manifest.at("inputs");
  return configuration.complete();
}

}  // namespace chorus::data
