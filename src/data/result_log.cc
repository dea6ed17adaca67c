#include "data/result_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <fstream>
#include <utility>

#include "core/error.h"
#include "data/digest.h"
#include "data/durable_file.h"
#include "data/posix_file.h"

namespace chorus::data {
namespace {

constexpr int kFormat = 1;
constexpr auto kDefect = "report this as a defect of the program";
constexpr std::string_view kHead = "{\"chorus_log\":";  // how the first line of every log begins
constexpr std::size_t kSumDigits = 16;

/// The line without its newline: the object's text with a checksum of it as the last member.
std::string sealed(const Json& line) {
  std::string text = line.dump();
  text.pop_back();
  const std::string sum = sha256_hex(text).substr(0, kSumDigits);
  text += ",\"sum\":\"" + sum + "\"}";
  return text;
}

/// The object of an undamaged line; discarded when it is damaged.
Json unsealed(std::string_view line) {
  constexpr std::string_view before = ",\"sum\":\"";
  constexpr std::size_t tail = before.size() + kSumDigits + 2;
  if (line.size() <= tail || !line.ends_with("\"}")) return Json(Json::value_t::discarded);
  const std::string_view body = line.substr(0, line.size() - tail);
  const std::string_view mark = line.substr(body.size(), before.size());
  const std::string_view sum = line.substr(body.size() + before.size(), kSumDigits);
  if (mark != before || sha256_hex(body).substr(0, kSumDigits) != sum) return Json(Json::value_t::discarded);
  return Json::parse(line, nullptr, false);
}

bool all_finite(const Json& json) {
  if (json.is_number_float()) return std::isfinite(json.get<double>());
  if (!json.is_structured()) return true;
  for (const auto& item : json) {
    if (!all_finite(item)) return false;
  }
  return true;
}

/// What stands where a log should be, when its first line is not one, may be the beginning of one.
bool torn_head(std::string_view line) {
  return line.starts_with(kHead) || kHead.starts_with(line) ||
         line.find_first_not_of('\0') == std::string_view::npos;
}

[[noreturn]] void throw_damaged(const std::filesystem::path& path, std::size_t line) {
  throw Error(
      ErrorKind::data, fmt::format("{}: line {} is damaged", path.string(), line),
      "lines that match their checksums",
      "restore the file, remove that line to compute its sample again, or remove the file to start anew");
}

void check_head(const std::filesystem::path& path, const Json& line, const Json& identity) {
  if (!line.contains("chorus_log") || line["chorus_log"] != kFormat || !line.contains("configuration")) {
    throw Error(ErrorKind::data, path.string() + " is a log of another format",
                fmt::format("format {}", kFormat), "use the program that wrote it, or --rewrite");
  }
  const auto lines = differences(line["configuration"], identity, "log");
  if (lines.empty()) return;
  throw Error(
      ErrorKind::data,
      fmt::format("{} belongs to another run: it differs in {}", path.string(), fmt::join(lines, "; ")),
      "the configuration it was begun with",
      "use --rewrite to start anew, --tag or another --output-dir to keep both");
}

void lock(const Descriptor& file, const std::filesystem::path& path) {
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) throw_io("be locked", path);
  throw Error(ErrorKind::io, path.string() + " is in use by another run", "one run per result",
              "wait for it to end or choose another --output-dir or --tag");
}

/// One line at a time, with where it stood and whether it ended in a newline.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path) : path_(path), file_(path, std::ios::binary) {}

  bool next() {
    offset_ += used_;
    if (!std::getline(file_, text)) {
      if (file_.bad())
        throw Error(ErrorKind::io, path_.string() + " cannot be read", "a readable file", "check the path");
      return false;
    }
    complete = !file_.eof();
    used_ = text.size() + (complete ? 1 : 0);
    ++number;
    return true;
  }
  bool last() { return file_.peek() == std::ifstream::traits_type::eof(); }
  std::uint64_t offset() const { return offset_; }
  std::uint64_t end() const { return offset_ + used_; }

  std::string text;
  bool complete = false;
  std::size_t number = 0;

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::uint64_t offset_ = 0, used_ = 0;
};

}  // namespace

ResultLog::ResultLog(const std::filesystem::path& path, const Configuration& configuration,
                     const Options& options)
    : path_(path) {
  make_folder(path_.has_parent_path() ? path_.parent_path() : ".");
  open_and_lock();
  const Json identity = configuration.log_identity();
  if ((options.rewrite || is_unused(identity)) && ::ftruncate(file_.get(), 0) != 0)
    throw_io("be emptied", path_);
  load(identity);
  if (size_ == 0) start(identity);
  Json session = Json::object();
  session["session"] = options.session;
  append_line(session);
  sessions_.push_back(options.session);
}

void ResultLog::open_and_lock() {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file_.get() < 0) throw_io("be opened", path_);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) throw_io("be examined", path_);
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::io, path_.string() + " is no ordinary file", "an ordinary file",
                "choose another folder");
  }
  lock(file_, path_);
}

Descriptor ResultLog::hold(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.get() >= 0)
    lock(file, path);
  else if (errno != ENOENT && errno != ENOTDIR)
    throw_io("be opened", path);
  return file;
}

/// A log begun by another configuration that never finished a sample keeps nothing from being begun anew.
bool ResultLog::is_unused(const Json& identity) const {
  const Json stored = stored_identity(path_);
  if (!stored.is_object() || differences(stored, identity, "").empty()) return false;
  LineReader reader(path_);
  while (reader.next()) {
    const Json line = reader.complete ? unsealed(reader.text) : Json(Json::value_t::discarded);
    if (reader.number > 1 && (!line.is_object() || !line.contains("session"))) return false;
  }
  return true;
}

/// Takes every good line; a damaged last line is cut off once the log is known to be of this configuration.
void ResultLog::load(const Json& identity) {
  std::uint64_t all = 0;
  LineReader reader(path_);
  while (reader.next()) {
    all = reader.end();
    const Json line = reader.complete ? unsealed(reader.text) : Json(Json::value_t::discarded);
    if (!line.is_object()) {
      if (reader.number == 1 && !torn_head(reader.text)) {
        throw Error(ErrorKind::data, path_.string() + " is no log of this program", "a result log",
                    "move it away");
      }
      if (reader.complete && !reader.last()) throw_damaged(path_, reader.number);
      break;
    }
    if (reader.number == 1) {
      check_head(path_, line, identity);
    } else {
      take(line, {reader.offset(), reader.text.size()}, reader.number);
    }
    size_ = reader.end();
  }
  dropped_bytes_ = all - size_;
  if (dropped_bytes_ == 0) return;
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0)
    throw_io("be cut to its last whole line", path_);
}

void ResultLog::take(const Json& line, Extent where, std::size_t number) {
  if (line.contains("session")) {
    sessions_.push_back(line["session"]);
    return;
  }
  const bool sample = line.contains("sample") && line["sample"].is_string() && line.contains("rows") &&
                      line["rows"].is_array();
  if (!sample) throw_damaged(path_, number);
  const auto key = line["sample"].get<std::string>();
  if (!index_.emplace(key, where).second) {
    throw Error(ErrorKind::data, fmt::format("{}: line {} repeats sample '{}'", path_.string(), number, key),
                "every sample once", "remove one of the lines");
  }
  keys_.push_back(key);
}

void ResultLog::start(const Json& identity) {
  Json head = Json::object();
  head["chorus_log"] = kFormat;
  head["configuration"] = identity;
  append_line(head);
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

/// On failure the file is cut back to where it ended.
ResultLog::Extent ResultLog::append_line(const Json& line) {
  std::string text;
  try {
    text = sealed(line);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("a row that cannot be stored: {}", error.what()),
                "text in UTF-8", kDefect);
  }
  const Extent where{size_, text.size()};
  text += '\n';
  if (!write_at(file_.get(), text, size_) || ::fdatasync(file_.get()) != 0) {
    const int code = errno;
    // Should the cut fail too, the next opening finds a torn last line and drops it.
    if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) broken_ = true;
    errno = code;
    throw_io("be extended", path_);
  }
  size_ += text.size();
  return where;
}

void ResultLog::append(std::string_view key, const std::vector<Json>& rows) {
  if (broken_) {
    throw Error(ErrorKind::io, path_.string() + " ends in a line that could not be completed", "a whole log",
                "run the same command again: what is finished stays");
  }
  if (contains(key)) {
    throw Error(ErrorKind::data, fmt::format("sample '{}' is finished already", key), "every sample once",
                kDefect);
  }
  Json line = Json::object();
  line["sample"] = key;
  line["rows"] = rows;
  if (!all_finite(line["rows"])) {
    throw Error(ErrorKind::data, fmt::format("sample '{}': a number that is not finite", key),
                "finite numbers", kDefect);
  }
  const Extent where = append_line(line);
  index_.emplace(std::string(key), where);
  keys_.emplace_back(key);
}

std::vector<Json> ResultLog::read(std::string_view key) const {
  const auto found = index_.find(std::string(key));
  if (found == index_.end()) {
    throw Error(ErrorKind::data, fmt::format("{}: no sample '{}'", path_.string(), key), "a finished sample",
                "run the same command again");
  }
  std::string text(found->second.bytes, '\0');
  for (std::size_t done = 0; done < text.size();) {
    const auto got = ::pread(file_.get(), text.data() + done, text.size() - done,
                             static_cast<off_t>(found->second.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw_io("be read", path_, "a readable file");
    done += static_cast<std::size_t>(got);
  }
  const Json line = unsealed(text);
  if (!line.is_object()) {
    throw Error(ErrorKind::data, fmt::format("{}: sample '{}' is damaged", path_.string(), key),
                "a line that matches its checksum", "restore the file");
  }
  return line["rows"].get<std::vector<Json>>();
}

Json ResultLog::stored_identity(const std::filesystem::path& path) {
  LineReader reader(path);
  if (std::filesystem::is_directory(path) || !reader.next() || !reader.complete) return nullptr;
  const Json line = unsealed(reader.text);
  if (!line.is_object() || !line.contains("configuration")) return nullptr;
  return line["configuration"];
}

std::vector<std::string> ResultLog::stored_keys(const std::filesystem::path& path,
                                                const Configuration& configuration) {
  std::vector<std::string> keys;
  if (!std::filesystem::is_regular_file(path)) return keys;
  Json head;
  LineReader reader(path);
  while (reader.next()) {
    Json line = reader.complete ? unsealed(reader.text) : Json(Json::value_t::discarded);
    if (!line.is_object()) break;
    if (reader.number == 1)
      head = std::move(line);
    else if (line.contains("sample") && line["sample"].is_string())
      keys.push_back(line["sample"].get<std::string>());
  }
  if (!keys.empty()) check_head(path, head, configuration.log_identity());
  return keys;
}

}  // namespace chorus::data
