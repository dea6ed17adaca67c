#include "data/hub/blob.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/progress.h"
#include "data/digest.h"
#include "data/durable_file.h"
#include "data/posix_file.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

/// SHA-256 of the bytes where the digest has 64 digits; else what git calls a blob: SHA-1 of its size, then the bytes.
Hasher hasher_for(const HubFile& file) {
  if (file.digest.size() == 64) return Hasher(Hasher::Kind::sha256);
  Hasher hasher(Hasher::Kind::sha1);
  hasher.add(fmt::format("blob {}{}", file.bytes, '\0'));
  return hasher;
}

/// The bytes of a file up to `most` go through the hasher.
void add_file(Hasher& hasher, int fd, const fs::path& path, std::uint64_t most) {
  std::vector<char> buffer(1U << 20U);
  for (std::uint64_t at = 0; at < most;) {
    const auto count =
        ::pread(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), most - at), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_io("be read", path, "a readable file");
    hasher.add({buffer.data(), static_cast<std::size_t>(count)});
    at += static_cast<std::uint64_t>(count);
  }
}

/// The incomplete blob: its bytes, how many, and their digest so far.
class Part {
 public:
  Part(const BlobPlace& place, const HubFile& file)
      : path_(place.incomplete()),
        file_(file),
        fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)),
        hasher_(hasher_for(file)) {
    if (fd_.get() < 0) throw_io("be created", path_);
    size_ = size_of(path_);
    if (size_ > file.bytes) restart();
    add_file(hasher_, fd_.get(), path_, size_);
  }

  std::uint64_t size() const { return size_; }
  bool is_full() const { return size_ == file_.bytes; }
  std::string digest() { return hasher_.hex(); }

  void add(std::string_view bytes) {
    if (!write_at(fd_.get(), bytes, size_)) throw_io("be written", path_);
    hasher_.add(bytes);
    size_ += bytes.size();
  }
  void restart() {
    if (::ftruncate(fd_.get(), 0) != 0) throw_io("be emptied", path_);
    size_ = 0;
    hasher_ = hasher_for(file_);
  }
  void commit(const fs::path& blob) {
    if (::fsync(fd_.get()) != 0) throw_io("be written", path_);
    if (::rename(path_.c_str(), blob.c_str()) != 0) throw_io("be replaced", blob);
    sync_folder(blob.parent_path());
  }
  void drop() { ::unlink(path_.c_str()); }

 private:
  fs::path path_;
  const HubFile& file_;
  Descriptor fd_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

/// Held while the blob comes, so that two programs never write one file. The lock's file stays, as others expect.
class Lock {
 public:
  Lock(const fs::path& path, const BlobEvents& events) {
    make_folder(path.parent_path());
    fd_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd_.get() < 0) throw_io("be created", path);
    for (bool told = false; ::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0; told = true) {
      if (errno != EWOULDBLOCK && errno != EINTR) throw_io("be locked", path);
      if (!told && events.note) events.note("another process is fetching the same file; waiting for it");
      if (events.cancelled && events.cancelled()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }

 private:
  Descriptor fd_;
};

/// N of "bytes N-M/SIZE".
std::optional<std::uint64_t> first_byte(const HttpReply& reply) {
  const std::string text = reply.header("content-range");
  const auto digit = text.find_first_of("0123456789");
  std::uint64_t first = 0;
  if (digit == std::string::npos ||
      std::from_chars(text.data() + digit, text.data() + text.size(), first).ec != std::errc())
    return std::nullopt;
  return first;
}

/// Takes what one answer holds: at the end of the part, or in place of it where the server has no ranges.
class Taker {
 public:
  Taker(Part& part, const HubFile& file, const BlobEvents& events, const std::string& url)
      : part_(part), file_(file), events_(events), url_(url) {}

  void operator()(const HttpReply& reply, std::string_view bytes) {
    if (!begun_) begin(reply);
    begun_ = true;
    if (bytes.size() > file_.bytes - part_.size())
      throw Error(ErrorKind::io,
                  fmt::format("{} sends more than the {} bytes of {}", url_, file_.bytes, file_.path),
                  "the file's own bytes",
                  "check HF_ENDPOINT and the proxy settings, then run the same command again");
    part_.add(bytes);
    if (events_.advance) events_.advance(static_cast<std::int64_t>(bytes.size()));
  }

 private:
  void begin(const HttpReply& reply) {
    if (part_.size() == 0) return;
    if (reply.status == 206 && first_byte(reply) == part_.size()) return;
    if (events_.advance) events_.advance(-static_cast<std::int64_t>(part_.size()));
    part_.restart();
    if (reply.status == 206 && first_byte(reply) != 0)
      throw Error(ErrorKind::io, fmt::format("{} sends another range than was asked for", url_),
                  "the rest of the file", "run the same command again");
  }

  Part& part_;
  const HubFile& file_;
  const BlobEvents& events_;
  const std::string& url_;
  bool begun_ = false;
};

/// Reads until the part has all bytes. True when it was put together from more than one answer.
bool fill(Http& http, const std::string& url, const HubFile& file, Part& part, const BlobEvents& events) {
  Patience patience = http.patience();
  bool pieced = part.size() > 0;
  std::uint64_t most = part.size();
  while (!part.is_full()) {
    const std::uint64_t before = part.size();
    Taker taker(part, file, events, url);
    HttpReply reply = http.read(url, before, taker);
    if (part.is_full()) break;
    if (reply.complete())
      reply.failure = fmt::format("the answer ends after {} of {} bytes", part.size(), file.bytes);
    if (part.size() > most) patience.progressed();
    most = std::max(most, part.size());
    pieced = pieced || part.size() > 0;
    if (reply.status == 416 && part.size() > 0) {  // what is here is no beginning of what is there
      if (events.advance) events.advance(-static_cast<std::int64_t>(part.size()));
      part.restart();
      most = file.bytes;
    } else if (!reply.may_pass()) {
      events.refuse(reply);
    }
    if (!patience.another(file.path, reply, events.note)) events.refuse(reply);
  }
  return pieced;
}

}  // namespace

std::uint64_t bytes_on_disk(const BlobPlace& place, const HubFile& file) {
  if (size_of(place.blob) == file.bytes && fs::exists(place.blob)) return file.bytes;
  const std::uint64_t part = size_of(place.incomplete());
  return part <= file.bytes ? part : 0;
}

bool is_whole(const BlobPlace& place, const HubFile& file) {
  const Descriptor fd(::open(place.blob.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) throw_io("be opened", place.blob, "a readable file");
  if (size_of(place.blob) != file.bytes) return false;
  Hasher hasher = hasher_for(file);
  add_file(hasher, fd.get(), place.blob, file.bytes);
  return hasher.hex() == file.digest;
}

void fetch_blob(Http& http, const std::string& url, const HubFile& file, const BlobPlace& place,
                const BlobEvents& events) {
  make_folder(place.blob.parent_path());
  const Lock lock(place.lock, events);
  std::error_code ignored;
  if (fs::exists(place.blob, ignored) && size_of(place.blob) == file.bytes)
    return;  // fetched by another meanwhile
  for (;;) {
    Part part(place, file);
    const bool pieced = fill(http, url, file, part, events);
    const std::string digest = part.digest();
    if (digest == file.digest) return part.commit(place.blob);
    part.drop();
    if (events.advance) events.advance(-static_cast<std::int64_t>(file.bytes));
    if (!pieced)
      throw Error(
          ErrorKind::io,
          fmt::format("{}: its {} is {}", file.path, digest.size() == 64 ? "SHA-256" : "SHA-1 as a git blob",
                      digest),
          fmt::format("{}, as the hub says", file.digest),
          "run the same command again; if it stays so, a proxy or a mirror changes the file (HF_ENDPOINT)");
    if (events.note) events.note(fmt::format("{}: its digest is wrong; fetching it anew", file.path));
  }
}

}  // namespace chorus::data
