// The one exception of chorus: what was got, what was expected, what to do, and a kind that becomes the exit code.
//
//   throw Error(ErrorKind::model, "m.gguf ends at byte 512", "4096 bytes of tensor data", "download the file again");
//   try { ... } catch (const Error& e) { fmt::print(stderr, "{}\n", e.what()); return e.exit_code(); }
#pragma once

#include <exception>
#include <string>

namespace chorus {

/// The value is the exit code of the program.
enum class ErrorKind { usage = 2, data = 3, model = 4, device = 5, io = 6, interrupted = 130 };

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string got, std::string expected, std::string todo);

  /// "GOT; expected EXPECTED; WHAT TO DO", parts that are empty left out.
  const char* what() const noexcept override { return text_.c_str(); }
  ErrorKind kind() const noexcept { return kind_; }
  int exit_code() const noexcept { return static_cast<int>(kind_); }
  const std::string& got() const noexcept { return got_; }
  const std::string& expected() const noexcept { return expected_; }
  const std::string& todo() const noexcept { return todo_; }

 private:
  ErrorKind kind_;
  std::string got_, expected_, todo_, text_;
};

}  // namespace chorus
