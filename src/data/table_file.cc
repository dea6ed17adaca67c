#include "data/table_file.h"

#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <array>
#include <fstream>
#include <new>

#include "data/arrow_table.h"
#include "data/table_csv.h"
#include "data/table_parts.h"

namespace chorus::data {
namespace {

constexpr std::size_t kBatchRows = 65536;

enum class Format { feather, stream, parquet, other };

Format format_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw Error(ErrorKind::io, fmt::format("{} cannot be read", path.string()), "a readable file",
                "check the path");
  }
  std::array<char, 8> head{};
  file.read(head.data(), head.size());
  const std::string_view magic(head.data(), static_cast<std::size_t>(file.gcount()));
  if (magic.starts_with("ARROW1")) return Format::feather;
  if (magic.starts_with("FEA1")) {
    throw Error(ErrorKind::data, path.string() + " is a Feather V1 file", "Feather V2",
                "read it with pandas and write it again");
  }
  if (magic.starts_with("PAR1")) return Format::parquet;
  if (magic.starts_with("\xFF\xFF\xFF\xFF")) return Format::stream;
  return Format::other;
}

std::shared_ptr<arrow::io::ReadableFile> open(const std::filesystem::path& path) {
  auto file = arrow::io::ReadableFile::Open(path.string());
  if (file.ok()) return *file;
  throw Error(ErrorKind::io, file.status().message(), "a readable file", "check the path");
}

arrow::ipc::IpcReadOptions ipc_options() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  return options;
}

std::shared_ptr<arrow::Table> read_feather(const std::filesystem::path& path) {
  const std::string expected = "an undamaged Feather V2 file";
  const auto reader = check_arrow(arrow::ipc::RecordBatchFileReader::Open(open(path), ipc_options()),
                                  path.string(), expected);
  arrow::RecordBatchVector batches;
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    batches.push_back(check_arrow(reader->ReadRecordBatch(i), path.string(), expected));
  }
  return check_arrow(arrow::Table::FromRecordBatches(reader->schema(), batches), path.string(), expected);
}

std::shared_ptr<arrow::Table> read_stream(const std::filesystem::path& path) {
  const std::string expected = "an undamaged Arrow stream";
  const auto reader = check_arrow(arrow::ipc::RecordBatchStreamReader::Open(open(path), ipc_options()),
                                  path.string(), expected);
  return check_arrow(reader->ToTable(), path.string(), expected);
}

using UseArrow = std::function<void(const std::shared_ptr<arrow::Table>&)>;

// Row group by row group: Arrow cannot join nested columns that come in several chunks.
void read_groups(const std::filesystem::path& path, const UseArrow& use) {
  const std::string expected = "an undamaged Parquet file";
  const auto reader = check_arrow(parquet::arrow::OpenFile(open(path), arrow::default_memory_pool()),
                                  path.string(), expected);
  reader->set_use_threads(false);
  for (int i = 0; i < reader->num_row_groups(); ++i)
    use(check_arrow(reader->ReadRowGroup(i), path.string(), expected));
  if (reader->num_row_groups() == 0) use(check_arrow(reader->ReadTable(), path.string(), expected));
}

std::shared_ptr<arrow::Table> read_parquet(const std::filesystem::path& path) {
  std::vector<std::shared_ptr<arrow::Table>> groups;
  read_groups(path, [&](const auto& group) { groups.push_back(group); });
  return check_arrow(arrow::ConcatenateTables(groups), path.string(), "an undamaged Parquet file");
}

std::shared_ptr<arrow::Table> read_arrow(const std::filesystem::path& path, Format format) {
  switch (format) {
    case Format::feather:
      return read_feather(path);
    case Format::stream:
      return read_stream(path);
    default:
      return read_parquet(path);
  }
}

std::shared_ptr<arrow::Table> select(const std::shared_ptr<arrow::Table>& table,
                                     const std::vector<std::string>& columns, const std::string& name) {
  std::vector<int> indices;
  for (const auto& column : columns) {
    indices.push_back(table->schema()->GetFieldIndex(column));
    if (indices.back() < 0) {
      throw Error(ErrorKind::data, fmt::format("{}: columns {}", name, fmt::join(table->ColumnNames(), ", ")),
                  fmt::format("a column '{}'", column), "name the columns of this file");
    }
  }
  return check_arrow(table->SelectColumns(indices), name, "these columns");
}

Table select(const Table& table, const std::vector<std::string>& columns) {
  std::vector<std::size_t> indices;
  Schema schema;
  for (const auto& name : columns) {
    indices.push_back(table.column(name));
    schema.push_back(table.schema()[indices.back()]);
  }
  Table selected(schema);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::vector<Value> cells;
    for (const auto index : indices) cells.push_back(table.at(row, index));
    selected.append(std::move(cells));
  }
  return selected;
}

Table to_table(std::shared_ptr<arrow::Table> table, const std::filesystem::path& path,
               const ReadOptions& options) {
  if (!options.columns.empty()) table = select(table, options.columns, path.string());
  check_arrow(table->ValidateFull(), path.string(), "an undamaged file");
  return from_arrow(*table, path.string(), options.bad_rows);
}

Table read_checked(const std::filesystem::path& path, const ReadOptions& options) {
  const Format format = format_of(path);
  if (format == Format::other) {
    const auto extension = path.extension();
    if (extension != ".csv" && extension != ".tsv") {
      throw Error(ErrorKind::data, path.string() + " is no table this program knows",
                  "Feather V2, Parquet, an Arrow stream, or a name that ends in .csv or .tsv",
                  "convert the file");
    }
    Table table = read_csv(path, options);
    return options.columns.empty() ? table : select(table, options.columns);
  }
  return to_table(read_arrow(path, format), path, options);
}

/// A damaged file may claim sizes nobody has, and the Parquet library throws its own kind.
template <class Read>
auto reading(const std::filesystem::path& path, const Read& read) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::data, path.string() + " asks for more memory than there is", "an undamaged file",
                "make or download the file again");
  } catch (const parquet::ParquetException& error) {
    throw Error(ErrorKind::data, path.string() + ": " + error.what(), "an undamaged Parquet file",
                "make or download the file again");
  }
}

}  // namespace

Table read_table(const std::filesystem::path& path, const ReadOptions& options) {
  return reading(path, [&] { return read_checked(path, options); });
}

void read_table_parts(const std::filesystem::path& path, const ReadOptions& options,
                      const std::function<void(const Table& part)>& use) {
  const bool has_groups = reading(path, [&] { return format_of(path) == Format::parquet; });
  if (!has_groups) return use(read_table(path, options));
  reading(path, [&] {
    read_groups(path, [&](const auto& group) {
      if (options.bad_rows != nullptr) options.bad_rows->clear();
      use(to_table(group, path, options));
    });
  });
}

std::string feather_bytes(const Table& table) {
  const std::string where = "Feather";
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  const auto sink = check_arrow(arrow::io::BufferOutputStream::Create(), where, "memory");
  const auto writer = check_arrow(arrow::ipc::MakeFileWriter(sink, to_arrow_schema(table.schema()), options),
                                  where, "memory");
  for (std::size_t first = 0; first < table.rows(); first += kBatchRows) {
    const auto batch = to_arrow(table, first, std::min(kBatchRows, table.rows() - first));
    check_arrow(writer->WriteRecordBatch(*batch), where, "memory");
  }
  check_arrow(writer->Close(), where, "memory");
  return check_arrow(sink->Finish(), where, "memory")->ToString();
}

}  // namespace chorus::data
