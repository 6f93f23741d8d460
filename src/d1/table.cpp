// Rows of unknown shape.

#include <cloudflare/detail/d1_read.hpp>

namespace cloudflare {

namespace d1 {

struct Table::Content {
  std::vector<std::string> columns{};
  Meta meta{};
  std::vector<Cell> cells{};  // of all rows, one row behind the other
  std::size_t rows = 0;
  detail::Reply reply{};               // what cells of bytes point to
  std::shared_ptr<const void> text{};  // what cells of text point to
};

const Cell& Row::operator[](std::size_t column) const {
  if (column < size()) return cells_[column];
  throw Error(ErrorKind::decode,
              "there is no column " + std::to_string(column) + "; the row has " + std::to_string(size()) + " columns");
}

const Cell& Row::operator[](std::string_view column) const { return cells_[detail::find_column(*columns_, column)]; }

Table::Table() : content_(std::make_shared<const Content>()) {}

std::size_t Table::size() const noexcept { return content_->rows; }

Row Table::operator[](std::size_t row) const noexcept {
  return {content_->columns, content_->cells.data() + row * content_->columns.size()};
}

const std::vector<std::string>& Table::columns() const noexcept { return content_->columns; }

std::size_t Table::column(std::string_view name) const { return detail::find_column(content_->columns, name); }

const Meta& Table::meta() const noexcept { return content_->meta; }

Value Type<Value>::from(const Cell& cell) {
  switch (cell.type()) {
    case CellType::null: break;
    case CellType::integer: return cell.integer();
    case CellType::real: return cell.real();
    case CellType::text: return cell.bytes();
    case CellType::blob: return cell.as<Blob>();
  }
  return {};
}

}  // namespace d1

namespace detail {

class TableReader final : public RowReader {
 public:
  static Result<d1::Table> read(Reply reply) {
    const auto content = std::make_shared<d1::Table::Content>();
    content->reply = std::move(reply);
    TableReader reader(*content);
    auto head = read_rows(content->reply, reader);
    if (!head) return head.error();
    content->columns = std::move(head->columns);
    content->meta = std::move(head->meta);
    content->text = std::move(head->text);
    return d1::Table(content);
  }

  void columns(const std::vector<std::string>& names) override { width_ = names.size(); }
  void expect(std::size_t rows) override { content_.cells.reserve(rows * width_); }
  void row(const d1::Cell* cells, std::size_t&) override {
    content_.cells.insert(content_.cells.end(), cells, cells + width_);
    ++content_.rows;
  }

 private:
  explicit TableReader(d1::Table::Content& content) : content_(content) {}
  d1::Table::Content& content_;
  std::size_t width_ = 0;
};

Result<d1::Table> read_table(Reply reply) { return TableReader::read(std::move(reply)); }

}  // namespace detail

}  // namespace cloudflare
