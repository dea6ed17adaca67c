// CUDA objects that own themselves: a stream with its scratch memory, device buffers, events. No CUDA header is needed.
//
//   cuda::Stream stream;
//   cuda::Buffer<Index> ids(stream, std::span(host_ids));   // allocated and filled in the stream's order
//   std::vector<Index> back = ids.to_host(stream);
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

struct CUstream_st;
struct CUevent_st;

namespace chorus::flex::cuda {

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0;  // compute capability
  int processors = 0;        // streaming multiprocessors
};

/// How many devices can be used: 0 without a driver, too.
int device_count();
/// The current device. Throws Error(device) where there is none.
DeviceInfo device_info();
/// Throws Error(device) unless the current device has bf16 tensor cores (sm_80 and later).
void check_device();
/// Throws Error(device) with CUDA's own text unless code (a cudaError_t) is success. `what` names what was tried.
void check(int code, const char* what);
/// check() of the last launch.
void check_launch(const char* what);

/// Work is done in a stream's order. Owns the stream it makes, and a scratch buffer that grows and is reused by the
/// calls of this stream: they follow each other, so they may share it. Movable; not for two threads at once.
class Stream {
 public:
  Stream();
  /// Uses a stream that somebody else owns (null: the device's default stream) and that outlives this object.
  static Stream borrow(CUstream_st* stream);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  CUstream_st* handle() const { return stream_; }
  /// Waits for the work given so far. Throws Error(device) if some of it failed.
  void synchronize() const;
  /// At least `bytes` of device memory, 256-byte aligned, valid until the next call of scratch().
  void* scratch(std::size_t bytes);

 private:
  struct Borrowed {};
  Stream(Borrowed, CUstream_st* stream) : stream_(stream), owned_(false) {}
  void release() noexcept;

  CUstream_st* stream_ = nullptr;
  bool owned_ = true;
  void* scratch_ = nullptr;
  std::size_t scratch_bytes_ = 0;
};

/// Untyped device memory; Buffer<T> is the one to use.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::size_t bytes);
  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  /// In the stream's order; `from` has been read when this returns.
  void upload(const Stream& stream, const void* from, std::size_t bytes);
  /// Waits for the stream first.
  void download(const Stream& stream, void* to, std::size_t bytes) const;
  /// Sets every byte.
  void fill(const Stream& stream, unsigned char value);

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// `size` elements of device memory. T is trivially copyable.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) : memory_(size * sizeof(T)) {}
  Buffer(const Stream& stream, std::span<const T> values) : memory_(values.size_bytes()) {
    memory_.upload(stream, values.data(), values.size_bytes());
  }

  T* data() const { return static_cast<T*>(memory_.data()); }
  std::size_t size() const { return memory_.bytes() / sizeof(T); }
  void fill(const Stream& stream, unsigned char byte) { memory_.fill(stream, byte); }
  std::vector<T> to_host(const Stream& stream) const {
    std::vector<T> values(size());
    memory_.download(stream, values.data(), memory_.bytes());
    return values;
  }

 private:
  Memory memory_;
};

/// A point in a stream's work, for timing.
class Event {
 public:
  Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();
  void record(const Stream& stream);
  /// From `begin` to this one, both reached: waits for this one.
  float milliseconds_since(const Event& begin) const;

 private:
  CUevent_st* event_ = nullptr;
};

}  // namespace chorus::flex::cuda
