#include <cuda_runtime.h>

#include "core/error.h"
#include "flex/cuda/stream.h"

namespace chorus::flex::cuda {

void check(int code, const char* what) {
  if (code == cudaSuccess) return;
  throw Error(ErrorKind::device,
              std::string(what) + ": " + cudaGetErrorString(static_cast<cudaError_t>(code)), "success",
              code == cudaErrorMemoryAllocation ? "free device memory or take smaller tensors" : "");
}

void check_launch(const char* what) {
  check(cudaGetLastError(), what);
}

int device_count() {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess)
    cudaGetLastError();  // an absent driver is an answer, not an error left for the next call
  return code == cudaSuccess ? count : 0;
}

DeviceInfo device_info() {
  int device = 0;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "the current device");
  check(cudaGetDeviceProperties(&properties, device), "properties of the device");
  return {properties.name, properties.major, properties.minor, properties.multiProcessorCount};
}

void check_device() {
  int device = 0, major = 0;
  check(cudaGetDevice(&device), "the current device");
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
        "the device's compute capability");
  if (major < 8)
    throw Error(ErrorKind::device,
                device_info().name + " of compute capability " + std::to_string(major) + ".x", "8.0 or later",
                "use flex::attention on the CPU");
}

Stream::Stream() {
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
}

Stream Stream::borrow(CUstream_st* stream) {
  return {Borrowed{}, stream};
}

Stream::Stream(Stream&& other) noexcept
    : stream_(std::exchange(other.stream_, nullptr)),
      owned_(std::exchange(other.owned_, false)),
      scratch_(std::exchange(other.scratch_, nullptr)),
      scratch_bytes_(std::exchange(other.scratch_bytes_, 0)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    release();
    stream_ = std::exchange(other.stream_, nullptr);
    owned_ = std::exchange(other.owned_, false);
    scratch_ = std::exchange(other.scratch_, nullptr);
    scratch_bytes_ = std::exchange(other.scratch_bytes_, 0);
  }
  return *this;
}

Stream::~Stream() {
  release();
}

void Stream::release() noexcept {
  if (scratch_ != nullptr) cudaFreeAsync(scratch_, stream_);
  if (owned_ && stream_ != nullptr) cudaStreamDestroy(stream_);
}

void Stream::synchronize() const {
  check(cudaStreamSynchronize(stream_), "work of a stream");
}

void* Stream::scratch(std::size_t bytes) {
  if (bytes > scratch_bytes_) {
    if (scratch_ != nullptr) check(cudaFreeAsync(scratch_, stream_), "freeing scratch memory");
    scratch_ = nullptr;
    scratch_bytes_ = 0;
    check(cudaMallocAsync(&scratch_, bytes, stream_), "scratch memory");
    scratch_bytes_ = bytes;
  }
  return scratch_;
}

Memory::Memory(std::size_t bytes) : bytes_(bytes) {
  if (bytes > 0) check(cudaMalloc(&data_, bytes), "device memory");
}

Memory::~Memory() {
  if (data_ != nullptr) cudaFree(data_);
}

void Memory::upload(const Stream& stream, const void* from, std::size_t bytes) {
  if (bytes > 0)
    check(cudaMemcpyAsync(data_, from, bytes, cudaMemcpyHostToDevice, stream.handle()), "copy to the device");
}

void Memory::download(const Stream& stream, void* to, std::size_t bytes) const {
  if (bytes > 0)
    check(cudaMemcpyAsync(to, data_, bytes, cudaMemcpyDeviceToHost, stream.handle()), "copy from the device");
  stream.synchronize();
}

void Memory::fill(const Stream& stream, unsigned char value) {
  if (bytes_ > 0) check(cudaMemsetAsync(data_, value, bytes_, stream.handle()), "filling device memory");
}

Event::Event() {
  check(cudaEventCreate(&event_), "making an event");
}

Event::~Event() {
  if (event_ != nullptr) cudaEventDestroy(event_);
}

void Event::record(const Stream& stream) {
  check(cudaEventRecord(event_, stream.handle()), "recording an event");
}

float Event::milliseconds_since(const Event& begin) const {
  float milliseconds = 0;
  check(cudaEventSynchronize(event_), "waiting for an event");
  check(cudaEventElapsedTime(&milliseconds, begin.event_, event_), "time between events");
  return milliseconds;
}

}  // namespace chorus::flex::cuda
