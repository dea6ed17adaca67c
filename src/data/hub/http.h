// HTTP over libcurl, as a download needs it: one connection that is kept, parts of a file, failures that are worth
// another try told from those that are not.
//
//   Http http(settings, interrupted);
//   const HttpReply reply = http.get(settings.endpoint + "/api/models/ORG/NAME", note);   // repeats what may pass
//   HttpReply part = http.read(url, 4096, [&](const HttpReply& r, std::string_view bytes) { ... });   // once
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "data/hub/settings.h"

namespace chorus::data {

struct HttpReply {
  long status = 0;                             // 0: no answer at all
  std::map<std::string, std::string> headers;  // of the last answer, after redirections; names in lower case
  std::string body;       // of get() and of answers that are no success; of read() nothing
  std::string failure;    // in curl's words, where the connection failed or was cut; else empty
  bool hopeless = false;  // the failure will be the same next time: a certificate, an address

  bool complete() const { return failure.empty() && status >= 200 && status < 300; }
  /// A cut or refused connection, 408, 429 and 5xx: what another try may heal.
  bool may_pass() const;
  std::string header(const std::string& name) const;
  /// What Retry-After asks for.
  std::optional<std::chrono::seconds> retry_after() const;
};

/// Takes a line about what is going on: a try that failed, a wait.
using HubNote = std::function<void(const std::string& line)>;

/// Counts tries and waits between them, twice as long each time, or as long as the server asks.
class Patience {
 public:
  Patience(const HubSettings& settings, std::function<bool()> cancelled);
  /// New bytes came: the count begins anew.
  void progressed() { failed_ = 0; }
  /// After a failed try: waits and returns true, or false when it is time to give up. Throws Error(interrupted).
  bool another(const std::string& what, const HttpReply& reply, const HubNote& note);

 private:
  const HubSettings& settings_;
  std::function<bool()> cancelled_;
  int failed_ = 0;
};

class Http {
 public:
  using Sink = std::function<void(const HttpReply& reply, std::string_view bytes)>;

  /// `settings` outlives it. Proxies are those of curl's environment variables. The token goes to the endpoint's host
  /// alone, never along a redirection to another.
  explicit Http(const HubSettings& settings, std::function<bool()> cancelled = {});
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// The answer to GET, redirections followed, at most 256 MiB; tried again as Patience allows.
  HttpReply get(const std::string& url, const HubNote& note);
  /// HEAD: the first answer, for what the hub itself says of a file stands there.
  HttpReply head(const std::string& url, const HubNote& note);
  /// One GET of the bytes from `from` on, given to `sink` as they come, `reply` holding status and headers. An exception of the
  /// sink ends it and comes out here. All throw Error(interrupted) when `cancelled` says so.
  HttpReply read(const std::string& url, std::uint64_t from, const Sink& sink);

  Patience patience() const { return {settings_, cancelled_}; }

 private:
  struct Transfer;
  enum class Verb { get, head };
  HttpReply repeated(Verb verb, const std::string& url, const HubNote& note);
  HttpReply once(Verb verb, const std::string& url, std::uint64_t from, const Sink* sink);

  const HubSettings& settings_;
  std::function<bool()> cancelled_;
  struct Curl;
  std::unique_ptr<Curl> curl_;
};

}  // namespace chorus::data
