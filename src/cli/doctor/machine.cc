#include <fmt/format.h>
#include <langinfo.h>
#include <locale.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <thread>

#include "cli/doctor/findings.h"
#include "core/processor.h"
#include "core/progress.h"
#include "core/threads.h"
#include "data/libraries.h"
#include "model/catalog.h"
#include "model/checkpoint.h"
#include "model/self_test.h"
#include "text/lemmas.h"

namespace chorus::cli {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// --- processor and threads

void check_processor(Findings& findings) {
  const std::string set = core::instruction_set();
  const bool bf16 = model::fastest_compute() == model::Compute::bf16;
  const std::string text =
      fmt::format("{}; --dtype auto takes {}", set, bf16 ? "bf16" : "f32, for there is no bf16 product");
  const bool vectors = set.starts_with("AVX");
  if (vectors) return findings.ok("processor", text);
  findings.warn("processor", text + "; neither AVX2 nor AVX-512",
                "take a newer processor for anything but small models");
}

/// What a control group allows of the processor, in cores.
std::optional<double> allowed_cores() {
  std::istringstream line(first_line("/sys/fs/cgroup/cpu.max"));
  double quota = 0, period = 0;
  if (line >> quota >> period && period > 0) return quota / period;
  return std::nullopt;
}

void check_threads(int threads, Findings& findings) {
  int size = 0;
  try {
    const core::ThreadPool pool(threads);
    size = pool.size();
  } catch (const Error& error) {
    return findings.error("threads", error.kind(), error.got(), error.todo());
  }
  const std::string text = fmt::format("{} on {} cores", size, std::thread::hardware_concurrency());
  const auto allowed = allowed_cores();
  if (allowed && *allowed + 0.5 < size)
    return findings.warn("threads", fmt::format("{}, and this container may use {:.1f}", text, *allowed),
                         fmt::format("give --threads {}", std::max(1, static_cast<int>(*allowed))));
  findings.ok("threads", text);
}

// --- memory

/// Bytes after a name such as "MemAvailable:" in /proc/meminfo.
std::uint64_t memory_line(const std::string& name) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t kilobytes = 0;
    if (words >> word >> kilobytes && word == name) return kilobytes * 1024;
  }
  return 0;
}

std::uint64_t free_memory() {
  std::uint64_t free = memory_line("MemAvailable:");
  std::istringstream limit(first_line("/sys/fs/cgroup/memory.max"));
  std::istringstream used(first_line("/sys/fs/cgroup/memory.current"));
  std::uint64_t most = 0, now = 0;
  if (limit >> most && used >> now) free = std::min(free, most > now ? most - now : 0);
  return free;
}

void check_memory(const std::string& name, Findings& findings) {
  const std::uint64_t total = memory_line("MemTotal:"), free = free_memory();
  const std::string text = fmt::format("{} free of {}", core::size_text(free), core::size_text(total));
  std::uint64_t needed = 0;
  try {
    const auto ref = model::resolve_model(name, model::ModelPaths::from_environment());
    const auto checkpoint = model::open_checkpoint(ref.path);
    const std::uint64_t each = model::fastest_compute() == model::Compute::bf16 ? 2 : 4;
    constexpr std::uint64_t kKeysAndValues = std::uint64_t{1} << 30U;
    needed = static_cast<std::uint64_t>(model::weight_count(checkpoint->config())) * each + kKeysAndValues;
  } catch (const Error&) {  // check_files() says what is wrong with it
    return findings.ok("memory", text);
  }
  const std::string with_model =
      fmt::format("{}; {} wants about {}, keys and values included", text, name, core::size_text(needed));
  if (needed <= free) return findings.ok("memory", with_model);
  findings.warn("memory", with_model, "take a smaller model or a lower --kv-memory (1GiB is the default)");
}

// --- what the program is made of

void check_libraries(Findings& findings) {
  std::string text = model::matrix_library();
  for (const data::Library& library : data::libraries())
    text += fmt::format(", {} {}", library.name, library.version);
  findings.ok("libraries", text);
}

void check_wordnet(Findings& findings) {
  const std::vector<std::string> want{"woman", "be", "dance"};
  if (text::lemmas("women were dancing") == want) return findings.ok("WordNet", "inside the program");
  findings.error("WordNet", ErrorKind::data, "its words give wrong lemmas",
                 "build the program again (wordnet-base)");
}

void check_gpu(Findings& findings) {
  const std::string driver = first_line("/proc/driver/nvidia/version");
  std::string text = "not used: models run on the processor";
#ifdef CHORUS_CUDA_TOOLKIT
  text += fmt::format("; built with CUDA {} (attention alone)", CHORUS_CUDA_TOOLKIT);
#else
  text += "; built without CUDA";
#endif
  if (!driver.empty()) text += "; driver: " + driver;
  findings.ok("GPU", text);
}

void check_locale(Findings& findings) {
  const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr)
    return findings.warn("locale", "the one that LC_ALL or LANG names is not installed",
                         "export LC_ALL=C.UTF-8");
  const std::string codeset = ::nl_langinfo_l(CODESET, locale);
  ::freelocale(locale);
  if (codeset == "UTF-8") return findings.ok("locale", codeset);
  findings.warn("locale", codeset + ": text is read and written as UTF-8 all the same",
                "export LC_ALL=C.UTF-8, so that the terminal shows it");
}

// --- does it compute?

void report(const char* subject, const std::string& what, const model::SelfTest& test, Findings& findings) {
  const std::string text = fmt::format("{}: off by {:.1e}, {:.1e} allowed", what, test.error, test.tolerance);
  if (test.passed()) return findings.ok(subject, text);
  findings.error(subject, ErrorKind::device, text,
                 "results of this machine cannot be trusted: try another machine or build, and report it");
}

void check_arithmetic(int threads, Findings& findings) {
  report("attention", "against the reference in double precision", model::test_attention(), findings);
  std::vector<model::Compute> kinds{model::Compute::f32};
  if (model::fastest_compute() == model::Compute::bf16) kinds.push_back(model::Compute::bf16);
  for (const model::Compute compute : kinds) {
    const std::string name = compute == model::Compute::bf16 ? "bf16" : "f32";
    try {
      report("product", name + ", against double precision", model::test_product(compute, threads), findings);
    } catch (const Error& error) {
      findings.error("product", error.kind(), name + ": " + error.got(), error.todo());
    }
  }
}

}  // namespace

void check_machine(const MachineChecks& checks, Findings& findings) {
  check_processor(findings);
  check_threads(checks.threads, findings);
  check_memory(checks.model, findings);
  check_gpu(findings);
  check_libraries(findings);
  check_wordnet(findings);
  check_locale(findings);
  check_arithmetic(checks.threads, findings);
}

}  // namespace chorus::cli
