#!/usr/bin/env python3
"""Keeps books on shelves, and tells which of them are due."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

LOAN = timedelta(days=28)  # as the house rules say
BANNER = """
# Books due
  // sorted by title
"""


@dataclass
class Book:
    """One copy of a book."""

    title: str
    author: str
    lent_on: date | None = None
    tags: list[str] = field(default_factory=list)

    @property
    def is_lent(self) -> bool:
        return self.lent_on is not None

    def due_on(self) -> date:
        # A book at home is due today: nobody waits for it.
        if self.lent_on is None:
            return date.today()
        return self.lent_on + LOAN


class Shelf:
    """Books in the order in which they came."""

    def __init__(self, name: str, width: int = 40) -> None:
        self.name = name
        self.width = width
        self.books: list[Book] = []

    def put(self, book: Book) -> bool:
        """Puts *book* on the shelf, if there is room."""
        if len(self.books) >= self.width:
            return False
        self.books.append(book)
        book.lent_on = None
        return True

    def take(self, title: str, day: date) -> Book:
        for book in self.books:
            if book.title == title and not book.is_lent:
                book.lent_on = day
                return book
        raise KeyError(f"no {title!r} on {self.name}  # really")

    def overdue(self, today: date) -> list[Book]:
        late = [b for b in self.books if b.is_lent and b.due_on() < today]
        late.sort(key=lambda book: (book.due_on(), book.title))
        return late

    def by_author(self) -> dict[str, list[Book]]:
        grouped: dict[str, list[Book]] = {}

        def place(book: Book) -> None:
            names = grouped.setdefault(book.author.lower(), [])
            names.append(book)

        for book in self.books:
            place(book)
        return grouped


def load(path: str) -> Shelf:
    with open(path, encoding="utf-8") as stream:
        rows = json.load(stream)
    shelf = Shelf(rows["name"], rows.get("width", 40))
    for row in rows["books"]:
        shelf.put(Book(row["title"], row["author"], tags=row.get("tags", [])))
    return shelf


def report(shelf: Shelf, today: date) -> str:
    lines = [BANNER.strip()]
    for book in shelf.overdue(today):
        days = (today - book.due_on()).days
        lines.append(f"{book.title}: {days} days late")
    return "\n".join(lines)


def main(path: str, day: str) -> None:
    shelf = load(path)
    print(report(shelf, date.fromisoformat(day)))
