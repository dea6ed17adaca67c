// The built program as a child process, in a folder and an environment of its own.
//
//   Program program;                                        // a tiny random model is at program.model()
//   const Outcome done = program.run({"ask", "--model", program.model(), "Who?"});
//   EXPECT_EQ(done.code, 0) << done.err;
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace chorus::test {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

struct Outcome {
  int code = -1;   // -1 when a signal ended it
  int signal = 0;  // that signal
  std::string out, err;
};

inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A running child; waited for, and killed if need be, at the latest in the destructor.
class Child {
 public:
  Child(const Arguments& arguments, const fs::path& folder, const fs::path& input, const fs::path& output,
        const std::vector<std::string>& more_settings = {})
      : folder_(folder), output_(output) {
    std::vector<char*> argv{const_cast<char*>(CHORUS_PROGRAM)};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const std::string home = (folder / "home").string();
    std::vector<std::string> settings{"CHORUS_HOME=" + home, "HOME=" + home, "HF_HUB_CACHE=" + home + "/hub",
                                      "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"};
    for (const std::string& setting : more_settings) {  // in place of one of the same name
      const std::string name = setting.substr(0, setting.find('=') + 1);
      std::erase_if(settings, [&](const std::string& other) { return other.starts_with(name); });
      settings.push_back(setting);
    }
    std::vector<char*> environment;
    for (const std::string& setting : settings) environment.push_back(const_cast<char*>(setting.c_str()));
    environment.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    redirect(input, O_RDONLY, STDIN_FILENO);
    redirect(output, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(folder / "stderr", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    if (::chdir(folder.c_str()) == 0) ::execve(CHORUS_PROGRAM, argv.data(), environment.data());
    ::_exit(127);
  }
  ~Child() {
    if (pid_ > 0 && !waited_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  /// Sends the signal once `ready` says so; gives up when the child ends before that.
  void signal_when(const std::function<bool()>& ready, int number) {
    while (!ready()) {
      if (ended(WNOHANG)) return;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    signal(number);
  }

  Outcome wait() {
    ended(0);
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -1, WIFSIGNALED(status_) ? WTERMSIG(status_) : 0,
            fs::is_regular_file(output_) ? read_file(output_) : "", read_file(folder_ / "stderr")};
  }

 private:
  static void redirect(const fs::path& path, int flags, int to) {
    const int from = ::open(path.c_str(), flags, 0644);
    if (from < 0 || ::dup2(from, to) < 0) ::_exit(126);
  }
  bool ended(int flags) {
    if (!waited_) waited_ = ::waitpid(pid_, &status_, flags) == pid_;
    return waited_;
  }

  fs::path folder_, output_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool waited_ = false;
};

class Program {
 public:
  explicit Program(const TinyOptions& options = {.context = 4096}) {
    fs::create_directories(folder_ / "home/models");
    GgufWriter w = gguf_of(tiny_file(options));
    add_tiny_tokenizer(w, options.bos);
    write_file(folder_ / "tiny.gguf", w.bytes());
  }

  const TempFolder& folder() const { return folder_; }
  fs::path operator/(std::string_view name) const { return folder_ / name; }
  /// "NAME=VALUE" for the environment of the runs that follow.
  void set(const std::string& setting) { settings_.push_back(setting); }
  /// As typed: relative to the folder the program runs in.
  std::string model() const { return "tiny.gguf"; }

  Outcome run(const Arguments& arguments, const std::string& input = "") const {
    write_file(folder_ / "stdin", input);
    return start(arguments, "stdin")->wait();
  }
  /// With standard output somewhere else, such as /dev/full.
  Outcome run_into(const fs::path& output, const Arguments& arguments) const {
    write_file(folder_ / "stdin", "");
    return Child(arguments, folder_.path(), folder_ / "stdin", output).wait();
  }
  std::unique_ptr<Child> start(const Arguments& arguments, const std::string& input = "stdin") const {
    if (!fs::exists(folder_ / input)) write_file(folder_ / input, "");
    return std::make_unique<Child>(arguments, folder_.path(), folder_ / input, folder_ / "stdout", settings_);
  }

 private:
  TempFolder folder_;
  std::vector<std::string> settings_;
};

/// One line "error: GOT; expected EXPECTED; ADVICE" on stderr, whatever stands before it, and this exit code.
inline void expect_failure(const Outcome& outcome, int code, const std::string& part) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.signal, 0);
  const auto lines = lines_of(outcome.err);
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(lines.back().starts_with("error: ")) << outcome.err;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i)
    EXPECT_FALSE(lines[i].starts_with("error: ")) << outcome.err;
  EXPECT_THAT(lines.back(), testing::HasSubstr(part));
  const auto expected = lines.back().find("; expected ");
  ASSERT_NE(expected, std::string::npos) << lines.back();
  EXPECT_NE(lines.back().find("; ", expected + 2), std::string::npos)
      << "nothing is said to do: " << lines.back();
}

}  // namespace chorus::test
