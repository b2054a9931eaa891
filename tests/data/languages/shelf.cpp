// Keeps books on shelves, and tells which of them are due.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace library {

constexpr int kLoanDays = 28;  // as the house rules say
const std::string kNote = "/* no comment */ // nor here";

/// One copy of a book.
class Book {
 public:
  Book(std::string title, std::string author)
      : title_(std::move(title)), author_(std::move(author)) {}
  virtual ~Book() = default;

  long due_on(long today) const {
    // A book at home is due today: nobody waits for it.
    if (lent_on_ == 0) {
      return today;
    }
    return lent_on_ + kLoanDays;
  }

  bool operator<(const Book& other) const {
    return title_ < other.title_ || author_ < other.author_;
  }

  const std::string& title() const { return title_; }

 private:
  std::string title_;
  std::string author_;
  long lent_on_ = 0;
};

class Shelf : public Container<Book> {
 public:
  explicit Shelf(std::string name, std::size_t width = 40);

  bool put(Book book);
  std::vector<Book> overdue(long today) const;
  template <typename Visitor>
  void visit(Visitor visitor) const;

 private:
  std::string name_;
  std::size_t width_;
  std::vector<Book> books_;
};

Shelf::Shelf(std::string name, std::size_t width)
    : name_(std::move(name)), width_(width) {
  books_.reserve(width);
}

/* Puts the book on the shelf,
   if there is room. */
bool Shelf::put(Book book) {
  if (books_.size() >= width_) {
    return false;
  }
  books_.push_back(std::move(book));
  return true;
}

std::vector<Book> Shelf::overdue(long today) const {
  std::vector<Book> late;
  std::copy_if(books_.begin(), books_.end(), std::back_inserter(late),
               [today](const Book& book) { return book.due_on(today) < today; });
  std::sort(late.begin(), late.end());
  return late;
}

template <typename Visitor>
void Shelf::visit(Visitor visitor) const {
  for (const auto& book : books_) {
    visitor(book);
  }
}

std::map<std::string, int> count_titles(const std::vector<Book>& books) {
  std::map<std::string, int> counts;
  for (const auto& book : books) {
    ++counts[book.title()];
  }
  return counts;
}

}  // namespace library

TEST(ShelfTest, FullShelfTakesNothing) {
  library::Shelf shelf("tiny", 0);
  EXPECT_FALSE(shelf.put(library::Book("Emma", "Austen")));
}
