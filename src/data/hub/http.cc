#include "data/hub/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <exception>
#include <thread>

#include "core/error.h"
#include "core/white_space.h"

namespace chorus::data {
namespace {

constexpr std::size_t kLargestBody = std::size_t{256} << 20U;
constexpr std::size_t kLargestErrorBody = std::size_t{64} << 10U;
constexpr std::chrono::seconds kLongestWait{300};

/// Failures that no waiting heals.
bool is_hopeless(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_WRITE_ERROR:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void throw_interrupted() {
  throw Error(ErrorKind::interrupted, "interrupted", "", "");
}

}  // namespace

// --- what an answer says

bool HttpReply::may_pass() const {
  if (!failure.empty()) return !hopeless;
  return status == 0 || status == 408 || status == 429 || status >= 500;
}

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::optional<std::chrono::seconds> HttpReply::retry_after() const {
  const std::string text = header("retry-after");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

// --- trying again

Patience::Patience(const HubSettings& settings, std::function<bool()> cancelled)
    : settings_(settings), cancelled_(std::move(cancelled)) {}

bool Patience::another(const std::string& what, const HttpReply& reply, const HubNote& note) {
  if (++failed_ >= settings_.tries) return false;
  auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.first_wait) *
              (1 << std::min(failed_ - 1, 16));
  if (const auto asked = reply.retry_after()) {
    if (*asked > kLongestWait) return false;
    wait = std::max<std::chrono::milliseconds>(*asked, std::min(wait, settings_.first_wait));
  }
  wait = std::min<std::chrono::milliseconds>(wait, kLongestWait);
  const std::string why = reply.failure.empty() ? fmt::format("HTTP {}", reply.status) : reply.failure;
  if (note)
    note(fmt::format("{}: {}; trying again in {:.1f} s ({} of {})", what, why,
                     static_cast<double>(wait.count()) / 1000, failed_, settings_.tries - 1));
  const auto end = std::chrono::steady_clock::now() + wait;
  for (auto now = std::chrono::steady_clock::now(); now < end; now = std::chrono::steady_clock::now()) {
    if (cancelled_ && cancelled_()) throw_interrupted();
    std::this_thread::sleep_for(
        std::min<std::chrono::steady_clock::duration>(end - now, std::chrono::milliseconds(50)));
  }
  return true;
}

// --- one transfer

struct Http::Curl {
  CURL* handle = curl_easy_init();
  ~Curl() { curl_easy_cleanup(handle); }
};

/// What the callbacks of one transfer write to. No exception may pass through libcurl: it waits here.
struct Http::Transfer {
  HttpReply reply;
  const Sink* sink = nullptr;
  const std::function<bool()>* cancelled = nullptr;
  std::exception_ptr thrown;

  bool is_success() const { return reply.status >= 200 && reply.status < 300; }

  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& reply = static_cast<Transfer*>(self)->reply;
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {  // another answer begins: a redirection's headers are none of ours
      reply.headers.clear();
      const auto space = line.find(' ');
      reply.status = 0;
      if (space != std::string_view::npos) std::from_chars(data + space + 1, data + size, reply.status);
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      std::string name(line.substr(0, colon));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      reply.headers[name] = core::trimmed(line.substr(colon + 1));
    }
    return size;
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view bytes(data, size);
    try {
      if (transfer.is_success() && transfer.sink != nullptr) {
        (*transfer.sink)(transfer.reply, bytes);
      } else {
        std::string& body = transfer.reply.body;
        const std::size_t most = transfer.is_success() ? kLargestBody : kLargestErrorBody;
        if (body.size() + size > most && transfer.is_success()) return 0;
        body += bytes.substr(0, most - std::min(most, body.size()));
      }
    } catch (...) {
      transfer.thrown = std::current_exception();
      return 0;
    }
    return size;
  }

  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto* cancelled = static_cast<Transfer*>(self)->cancelled;
    return *cancelled && (*cancelled)() ? 1 : 0;
  }
};

Http::Http(const HubSettings& settings, std::function<bool()> cancelled)
    : settings_(settings), cancelled_(std::move(cancelled)), curl_(std::make_unique<Curl>()) {
  if (curl_->handle == nullptr)
    throw Error(ErrorKind::io, "libcurl does not start", "a working libcurl", "reinstall it");
}

Http::~Http() = default;

HttpReply Http::once(Verb verb, const std::string& url, std::uint64_t from, const Sink* sink) {
  CURL* const curl = curl_->handle;
  curl_easy_reset(curl);  // keeps connections
  Transfer transfer{.reply = {}, .sink = sink, .cancelled = &cancelled_, .thrown = nullptr};
  std::array<char, CURL_ERROR_SIZE> words{};
  const std::string range = fmt::format("{}-", from);
  const bool secure = settings_.endpoint.starts_with("https://");
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, &curl_slist_free_all);
  const auto add_header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  add_header("Accept-Encoding: identity");  // ranges and digests are of the file's own bytes
  if (!settings_.token.empty()) add_header("Authorization: Bearer " + settings_.token);

  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "chorus");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, verb == Verb::get ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_NOBODY, verb == Verb::head ? 1L : 0L);
  if (from > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings_.stall.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings_.stall.count()));
  if (!settings_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (!settings_.ca_folder.empty()) curl_easy_setopt(curl, CURLOPT_CAPATH, settings_.ca_folder.c_str());
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);

  const CURLcode code = curl_easy_perform(curl);
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (code == CURLE_ABORTED_BY_CALLBACK) throw_interrupted();
  if (code != CURLE_OK) {
    transfer.reply.failure = words[0] != '\0' ? core::trimmed(words.data()) : curl_easy_strerror(code);
    transfer.reply.hopeless = is_hopeless(code);
  }
  return std::move(transfer.reply);
}

HttpReply Http::repeated(Verb verb, const std::string& url, const HubNote& note) {
  Patience waiting = patience();
  for (;;) {
    HttpReply reply = once(verb, url, 0, nullptr);
    if (!reply.may_pass() || !waiting.another(url, reply, note)) return reply;
  }
}

HttpReply Http::get(const std::string& url, const HubNote& note) {
  return repeated(Verb::get, url, note);
}

HttpReply Http::head(const std::string& url, const HubNote& note) {
  return repeated(Verb::head, url, note);
}

HttpReply Http::read(const std::string& url, std::uint64_t from, const Sink& sink) {
  return once(Verb::get, url, from, &sink);
}

}  // namespace chorus::data
