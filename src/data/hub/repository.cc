#include "data/hub/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "data/json.h"

namespace chorus::data {
namespace {

ErrorKind kind_of(const HubRepo& repo) {
  return repo.kind == RepoKind::model ? ErrorKind::model : ErrorKind::data;
}

/// For a URL: everything but letters, digits and -._~ as %XX; '/' too unless it separates.
std::string escaped(std::string_view text, bool keep_slashes) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (std::isalnum(byte) && byte < 0x80) || c == '-' || c == '.' || c == '_' || c == '~';
    result += plain || (keep_slashes && c == '/') ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
         });
}

bool is_digest(std::string_view text) {
  return is_hex(text, 40) || is_hex(text, 64);
}

[[noreturn]] void throw_no_hub(const std::string& url, const std::string& problem) {
  throw Error(ErrorKind::io, fmt::format("{} answered {}", url, problem), "an answer of a hub's API",
              "check HF_ENDPOINT and the proxy settings: another server may have answered");
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

HubFile file_of(const Json& entry, const std::string& url) {
  HubFile file{.path = entry.is_object() ? text_of(entry, "rfilename") : "", .bytes = 0, .digest = ""};
  if (!is_inner_path(file.path)) throw_no_hub(url, fmt::format("with a file named '{}'", file.path));
  const auto size = entry.find("size");
  if (size == entry.end() || !size->is_number_unsigned()) return file;
  file.bytes = size->get<std::uint64_t>();
  const auto lfs = entry.find("lfs");
  std::string digest = text_of(entry, "blobId");
  if (lfs != entry.end() && lfs->is_object())
    digest = text_of(*lfs, lfs->contains("sha256") ? "sha256" : "oid");
  if (is_digest(digest)) file.digest = digest;
  return file;
}

/// What the hub itself says of a refusal, for people.
std::string words_of(const HttpReply& reply) {
  std::string words = reply.header("x-error-message");
  if (words.empty()) {
    const Json body = Json::parse(reply.body, nullptr, false);
    if (body.is_object()) words = text_of(body, "error");
  }
  constexpr std::size_t kMost = 200;
  if (words.size() > kMost) words = words.substr(0, kMost) + "...";
  return words.empty() ? "" : fmt::format(" ({})", words);
}

std::string page_of(const HubSettings& settings, const HubRepo& repo) {
  return fmt::format("{}/{}{}", settings.endpoint, repo.kind == RepoKind::model ? "" : "datasets/", repo.id);
}

[[noreturn]] void throw_no_access(const HttpReply& reply, const HubSettings& settings, const HubRepo& repo,
                                  const std::string& what) {
  const std::string code = reply.header("x-error-code");
  const bool gated = code == "GatedRepo";
  const bool has_token = !settings.token.empty();
  const std::string got = fmt::format("{}: HTTP {}{}", what, reply.status, words_of(reply));
  if (gated)
    throw Error(kind_of(repo), got + ", a gated repository", "access granted to your account",
                has_token ? fmt::format("the token in use has no access: accept the terms at {}, wait for "
                                        "the authors if they ask for it, then run the same command again",
                                        page_of(settings, repo))
                          : fmt::format("accept the terms at {}, make an access token in the hub's settings, "
                                        "and run the same command with HF_TOKEN set to it",
                                        page_of(settings, repo)));
  throw Error(
      kind_of(repo), got, "a repository that exists and may be read",
      has_token
          ? "check the id; if it is private, the token in HF_TOKEN needs access to it, and may have expired"
          : "check the id; if it is private or gated, set HF_TOKEN to an access token of an account "
            "that may read it");
}

[[noreturn]] void throw_not_found(const HttpReply& reply, const HubRepo& repo, const std::string& what) {
  const std::string code = reply.header("x-error-code");
  const std::string got = fmt::format("{}: HTTP {}{}", what, reply.status, words_of(reply));
  if (code == "RevisionNotFound")
    throw Error(kind_of(repo), got, "a branch, tag or commit of the repository", "correct --revision");
  if (code == "EntryNotFound")
    throw Error(kind_of(repo), got, "a file of the repository",
                "run the same command again: the list of files has changed");
  throw Error(kind_of(repo), got, "an id ORG/NAME that the hub has", "check the spelling and HF_ENDPOINT");
}

}  // namespace

void throw_refusal(const HttpReply& reply, const HubSettings& settings, const HubRepo& repo,
                   const std::string& what) {
  if (!reply.failure.empty())
    throw Error(
        ErrorKind::io, fmt::format("{}: {}", what, reply.failure), "a connection to the hub",
        "check the network, HF_ENDPOINT and the proxy settings (https_proxy, CURL_CA_BUNDLE), then run the "
        "same command again: what has come stays");
  if (reply.status == 401 || reply.status == 403) throw_no_access(reply, settings, repo, what);
  if (reply.status == 404) throw_not_found(reply, repo, what);
  if (reply.status == 429)
    throw Error(ErrorKind::io, fmt::format("{}: HTTP 429{}", what, words_of(reply)), "fewer requests",
                settings.token.empty()
                    ? "wait some minutes and run the same command again; with HF_TOKEN set the "
                      "hub allows more"
                    : "wait some minutes and run the same command again");
  throw Error(ErrorKind::io, fmt::format("{}: HTTP {}{}", what, reply.status, words_of(reply)), "the file",
              "run the same command again later: what has come stays");
}

HubRevision find_revision(Http& http, const HubSettings& settings, const HubRepo& repo,
                          const std::string& revision, const HubNote& note) {
  const std::string url =
      fmt::format("{}/api/{}/{}/revision/{}?blobs=true", settings.endpoint,
                  repo.kind == RepoKind::model ? "models" : "datasets", repo.id, escaped(revision, false));
  const HttpReply reply = http.get(url, note);
  if (!reply.complete()) throw_refusal(reply, settings, repo, repo.text());
  const Json json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object()) throw_no_hub(url, "with something that is no JSON object");
  HubRevision result{.commit = text_of(json, "sha"), .files = {}};
  if (!is_hex(result.commit, 40)) throw_no_hub(url, "without the name of a commit ('sha')");
  const auto siblings = json.find("siblings");
  if (siblings == json.end() || !siblings->is_array())
    throw_no_hub(url, "without a list of files ('siblings')");
  for (const Json& entry : *siblings) result.files.push_back(file_of(entry, url));
  std::sort(result.files.begin(), result.files.end(),
            [](const HubFile& a, const HubFile& b) { return a.path < b.path; });
  return result;
}

std::string file_url(const HubSettings& settings, const HubRepo& repo, const std::string& commit,
                     const std::string& path) {
  return fmt::format("{}/resolve/{}/{}", page_of(settings, repo), commit, escaped(path, true));
}

void complete_file(Http& http, const HubSettings& settings, const HubRepo& repo, const std::string& commit,
                   HubFile& file, const HubNote& note) {
  if (!file.digest.empty()) return;
  const std::string url = file_url(settings, repo, commit, file.path);
  const HttpReply reply = http.head(url, note);
  if (!reply.failure.empty() || reply.status >= 400) throw_refusal(reply, settings, repo, file.path);
  const auto either = [&](const char* linked, const char* plain) {
    const std::string text = reply.header(linked);
    return text.empty() ? reply.header(plain) : text;
  };
  std::string etag = either("x-linked-etag", "etag");
  if (etag.starts_with("W/")) etag.erase(0, 2);
  std::erase(etag, '"');
  const std::string size = either("x-linked-size", "content-length");
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), file.bytes);
  if (!is_digest(etag) || error != std::errc() || end != size.data() + size.size())
    throw_no_hub(url, fmt::format("with no digest or no size of {}", file.path));
  file.digest = etag;
}

}  // namespace chorus::data
