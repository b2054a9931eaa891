//! Keeps books on shelves, and tells which of them are due.

use std::collections::HashMap;
use std::fmt;

const LOAN_DAYS: u64 = 28; // as the house rules say
const NOTE: &str = "/* no comment */ // nor here";

/// One copy of a book.
#[derive(Debug, Clone)]
pub struct Book {
    pub title: String,
    pub author: String,
    lent_on: Option<u64>,
}

#[derive(Debug, PartialEq)]
pub enum ShelfError {
    Full,
    Missing(String),
}

pub trait Find {
    fn find(&self, title: &str) -> Option<&Book>;

    /// True when the book is there.
    fn has(&self, title: &str) -> bool {
        let found = self.find(title);
        found.is_some()
    }
}

impl Book {
    pub fn new(title: &str, author: &str) -> Self {
        Book {
            title: title.to_string(),
            author: author.to_string(),
            lent_on: None,
        }
    }

    /* The day on which the copy
       /* nested */ has to be back. */
    pub fn due_on(&self, today: u64) -> u64 {
        match self.lent_on {
            Some(day) => day + LOAN_DAYS,
            None => today,
        }
    }
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.title, self.author)
    }
}

pub struct Shelf {
    name: String,
    width: usize,
    books: Vec<Book>,
}

impl Shelf {
    pub fn new(name: &str, width: usize) -> Self {
        let books = Vec::with_capacity(width);
        Shelf { name: name.to_string(), width, books }
    }

    #[must_use]
    pub fn put(&mut self, book: Book) -> Result<(), ShelfError> {
        if self.books.len() >= self.width {
            return Err(ShelfError::Full);
        }
        self.books.push(book);
        Ok(())
    }

    pub fn overdue(&self, today: u64) -> Vec<&Book> {
        let mut late: Vec<&Book> = self
            .books
            .iter()
            .filter(|book| book.due_on(today) < today)
            .collect();
        late.sort_by_key(|book| book.due_on(today));
        late
    }
}

impl Find for Shelf {
    fn find(&self, title: &str) -> Option<&Book> {
        self.books.iter().find(|book| book.title == title)
    }
}

pub fn by_author(shelf: &Shelf) -> HashMap<String, Vec<&Book>> {
    let mut grouped: HashMap<String, Vec<&Book>> = HashMap::new();
    for book in &shelf.books {
        // One entry for each author, whatever the case.
        grouped.entry(book.author.to_lowercase()).or_default().push(book);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_shelf_takes_nothing() {
        let mut shelf = Shelf::new(NOTE, 0);
        let answer = shelf.put(Book::new("Emma", "Austen"));
        assert_eq!(answer, Err(ShelfError::Full));
    }
}
