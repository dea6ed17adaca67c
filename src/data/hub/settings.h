// How this person reaches a model hub: the environment variables that huggingface_hub and curl read.
//
//   const HubSettings settings = HubSettings::from_environment();   // HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE, ...
//   Http http(settings);
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace chorus::data {

/// As std::getenv: null where unset. An empty variable counts as unset.
using Variable = std::function<const char*(const char* name)>;

/// The path a variable holds, a leading ~/ being the home folder; empty where it is unset.
std::filesystem::path path_from(const Variable& variable, const char* name);
/// $XDG_CACHE_HOME, else ~/.cache.
std::filesystem::path cache_home(const Variable& variable);
/// $HF_HUB_CACHE, else $HF_HOME/hub, else huggingface/hub in cache_home().
std::filesystem::path hub_cache_folder(const Variable& variable);

struct HubSettings {
  std::string endpoint;            // $HF_ENDPOINT, else the hub's own; no slash at its end
  std::string token;               // $HF_TOKEN, else what $HF_TOKEN_PATH or $HF_HOME/token holds; empty: none
  std::filesystem::path cache;     // hub_cache_folder()
  bool offline = false;            // $HF_HUB_OFFLINE is 1, on, yes or true
  std::string ca_file, ca_folder;  // $CURL_CA_BUNDLE, $SSL_CERT_FILE or $REQUESTS_CA_BUNDLE; $SSL_CERT_DIR

  std::chrono::seconds stall{30};  // a connection that gives nothing for so long is cut
  std::chrono::milliseconds first_wait{
      500};       // before the first repetition; each next one waits twice as long
  int tries = 6;  // in a row without a new byte

  /// Throws Error(usage): an endpoint that is no http(s) address, a token that no header can carry.
  static HubSettings from_environment(const Variable& variable);
  static HubSettings from_environment();
};

}  // namespace chorus::data
