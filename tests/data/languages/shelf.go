// Package shelf keeps books on shelves, and tells which of them are due.
package shelf

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

// Loan is how long a book may stay away.
const Loan = 28 * 24 * time.Hour // as the house rules say

var ErrFull = errors.New("shelf is full /* sorry */ // really")

// Book is one copy of a book.
type Book struct {
	Title  string    `json:"title"`
	Author string    `json:"author"`
	LentOn time.Time `json:"lent_on"`
}

// Finder finds books.
type Finder interface {
	Find(title string) (*Book, error)
}

type Shelf struct {
	Name  string
	Width int
	books []*Book
}

func New(name string, width int) *Shelf {
	if width <= 0 {
		width = 40
	}
	return &Shelf{Name: name, Width: width}
}

// DueOn is the day on which the copy has to be back.
func (b *Book) DueOn() time.Time {
	if b.LentOn.IsZero() {
		/* at home: nobody
		   waits for it */
		return time.Now()
	}
	return b.LentOn.Add(Loan)
}

func (b Book) String() string {
	name := strings.TrimSpace(b.Title)
	return fmt.Sprintf("%s by %s", name, b.Author)
}

func (s *Shelf) Put(book *Book) error {
	if len(s.books) >= s.Width {
		return ErrFull
	}
	s.books = append(s.books, book)
	book.LentOn = time.Time{}
	return nil
}

func (s *Shelf) Find(title string) (*Book, error) {
	for _, book := range s.books {
		if book.Title == title {
			return book, nil
		}
	}
	return nil, fmt.Errorf("no %q on %s", title, s.Name)
}

func (s *Shelf) Overdue(today time.Time) []*Book {
	var late []*Book
	for _, book := range s.books {
		if book.DueOn().Before(today) {
			late = append(late, book)
		}
	}
	sort.Slice(late, func(i, j int) bool {
		return late[i].DueOn().Before(late[j].DueOn())
	})
	return late
}

var loaders = map[string]func(string) (*Shelf, error){
	"json": func(path string) (*Shelf, error) {
		return Load(path)
	},
}

func Load(path string) (*Shelf, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	shelf := New(path, 0)
	var rows []*Book
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := shelf.Put(row); err != nil {
			return nil, err
		}
	}
	return shelf, nil
}
