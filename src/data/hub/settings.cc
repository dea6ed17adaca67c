#include "data/hub/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "core/error.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultEndpoint = "https://huggingface.co";

std::string text_from(const Variable& variable, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = variable(name); value != nullptr && *value != '\0') return value;
  return "";
}

bool is_true(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text == "1" || text == "on" || text == "yes" || text == "true";
}

fs::path hugging_face_home(const Variable& variable) {
  const fs::path home = path_from(variable, "HF_HOME");
  return home.empty() ? cache_home(variable) / "huggingface" : home;
}

/// What 'hf auth login' keeps; a file that is not there or cannot be read is no token.
std::string stored_token(const Variable& variable) {
  if (is_true(text_from(variable, {"HF_HUB_DISABLE_IMPLICIT_TOKEN"}))) return "";
  fs::path file = path_from(variable, "HF_TOKEN_PATH");
  if (file.empty()) file = hugging_face_home(variable) / "token";
  std::ifstream in(file);
  std::string token;
  in >> token;
  return token;
}

std::string checked_endpoint(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const bool good = (endpoint.starts_with("https://") || endpoint.starts_with("http://")) &&
                    !endpoint.ends_with(':') && std::all_of(endpoint.begin(), endpoint.end(), [](char c) {
                      return static_cast<unsigned char>(c) > ' ';
                    });
  if (good) return endpoint;
  throw Error(ErrorKind::usage, "HF_ENDPOINT is '" + endpoint + "'", "an http:// or https:// address",
              "correct it, or unset it to use the hub's own");
}

std::string checked_token(std::string token) {
  const auto space = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!token.empty() && space(static_cast<unsigned char>(token.back()))) token.pop_back();
  const bool good = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (good) return token;
  throw Error(ErrorKind::usage, "HF_TOKEN holds a space or another character that no token has",
              "an access token such as hf_...", "copy it again from the hub's settings");
}

}  // namespace

fs::path path_from(const Variable& variable, const char* name) {
  const std::string text = text_from(variable, {name});
  const char* home = variable("HOME");
  if (text.starts_with("~/") && home != nullptr) return fs::path(home) / text.substr(2);
  return text;
}

fs::path cache_home(const Variable& variable) {
  const fs::path cache = path_from(variable, "XDG_CACHE_HOME");
  return cache.empty() ? path_from(variable, "HOME") / ".cache" : cache;
}

fs::path hub_cache_folder(const Variable& variable) {
  const fs::path cache = path_from(variable, "HF_HUB_CACHE");
  return cache.empty() ? hugging_face_home(variable) / "hub" : cache;
}

HubSettings HubSettings::from_environment(const Variable& variable) {
  HubSettings settings;
  const std::string endpoint = text_from(variable, {"HF_ENDPOINT"});
  settings.endpoint = checked_endpoint(endpoint.empty() ? kDefaultEndpoint : endpoint);
  settings.token = checked_token(text_from(variable, {"HF_TOKEN"}));
  if (settings.token.empty()) settings.token = checked_token(stored_token(variable));
  settings.cache = hub_cache_folder(variable);
  settings.offline = is_true(text_from(variable, {"HF_HUB_OFFLINE"}));
  settings.ca_file = text_from(variable, {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"});
  settings.ca_folder = text_from(variable, {"SSL_CERT_DIR"});
  return settings;
}

HubSettings HubSettings::from_environment() {
  return from_environment([](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace chorus::data
