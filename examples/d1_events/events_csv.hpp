#pragma once

// Events from a CSV file, read with libcsv.

#include <csv.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// [event]
struct Event {
  std::string at;
  std::string source;
  std::string kind;
  std::string note;
  std::optional<double> ms;  // NULL where the file has nothing
};
// [/event]

/// Collects the fields of a row, then makes an event of them.
class EventsCsv {
 public:
  [[nodiscard]] static std::vector<Event> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + " cannot be read");
    EventsCsv reader;
    csv_parser parser{};
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::runtime_error("no CSV parser");
    std::string piece(1 << 16, '\0');
    bool good = true;
    while (good && (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0)) {
      const auto size = static_cast<std::size_t>(file.gcount());
      good = csv_parse(&parser, piece.data(), size, on_field, on_row, &reader) == size;
    }
    good = good && csv_fini(&parser, on_field, on_row, &reader) == 0;
    csv_free(&parser);
    if (!good || !reader.error_.empty()) throw std::runtime_error(path + ": " + reader.error_ + "not CSV as expected");
    return std::move(reader.events_);
  }

 private:
  // libcsv is C: nothing may be thrown through it.
  static void on_field(void* text, std::size_t size, void* self) {
    static_cast<EventsCsv*>(self)->fields_.emplace_back(static_cast<const char*>(text), size);
  }
  static void on_row(int, void* self) { static_cast<EventsCsv*>(self)->end_row(); }

  void end_row() {
    const std::vector<std::string> fields = std::exchange(fields_, {});
    if (!std::exchange(past_heading_, true)) return;
    if (fields.size() != 5) {
      error_ = "row " + std::to_string(events_.size() + 1) + " has " + std::to_string(fields.size()) + " fields; ";
      return;
    }
    const std::optional<double> ms =
        fields[4].empty() ? std::nullopt : std::optional(std::strtod(fields[4].c_str(), nullptr));
    events_.push_back({fields[0], fields[1], fields[2], fields[3], ms});
  }

  std::vector<std::string> fields_{};
  std::vector<Event> events_{};
  std::string error_{};
  bool past_heading_ = false;
};
