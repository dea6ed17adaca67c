// One file of the hub's cache: fetched in as many parts as the connection gives, and in its place only when its digest is
// right.
//
//   BlobPlace place{folder / "blobs" / file.digest, cache / ".locks" / ...};
//   fetch_blob(http, url, file, place, events);   // afterwards place.blob holds the file, or an Error was thrown
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "data/hub/http.h"
#include "data/hub/repository.h"

namespace chorus::data {

struct BlobPlace {
  std::filesystem::path blob;  // while it comes, "BLOB.incomplete"
  std::filesystem::path lock;  // held while it comes; huggingface_hub holds the same

  std::filesystem::path incomplete() const { return blob.string() + ".incomplete"; }
};

struct BlobEvents {
  std::function<void(std::int64_t bytes)> advance;  // bytes that came; less than 0 where they must come again
  std::function<bool()> cancelled;
  HubNote note;
  std::function<void(const HttpReply&)> refuse;  // throws what an answer means that is no success
};

/// How many bytes of the file are on disk, the blob's or the incomplete one's.
std::uint64_t bytes_on_disk(const BlobPlace& place, const HubFile& file);
/// Whether the blob's bytes have the file's digest. Throws Error(io) where it cannot be read.
bool is_whole(const BlobPlace& place, const HubFile& file);

/// Goes on where an earlier try ended, by a Range request; begins anew where the server has no ranges. Bytes are on their way to disk
/// as they come, so neither an interrupt nor a kill loses them. A digest that is wrong is tried once more from the beginning if parts were put together,
/// then it is an error and nothing is kept. Throws Error(io): full disk, digest, connection; Error(interrupted); what `refuse` throws.
void fetch_blob(Http& http, const std::string& url, const HubFile& file, const BlobPlace& place,
                const BlobEvents& events);

}  // namespace chorus::data
