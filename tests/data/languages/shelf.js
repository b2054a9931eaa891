#!/usr/bin/env node
'use strict';

/** Keeps books on shelves, and tells which of them are due. */
const fs = require('fs');

const LOAN_DAYS = 28; // as the house rules say
const BANNER = `
# Books due
// sorted by title
`;

class Book {
  constructor(title, author, tags = []) {
    this.title = title;
    this.author = author;
    this.tags = tags;
    this.lentOn = null;
  }

  get isLent() {
    return this.lentOn !== null;
  }

  /**
   * The day on which the copy has to be back.
   */
  dueOn() {
    // A book at home is due today: nobody waits for it.
    if (this.lentOn === null) {
      return new Date();
    }
    const due = new Date(this.lentOn);
    due.setDate(due.getDate() + LOAN_DAYS);
    return due;
  }
}

class Shelf {
  static fromRows(rows) {
    const shelf = new Shelf(rows.name, rows.width);
    rows.books.forEach((row) => {
      shelf.put(new Book(row.title, row.author, row.tags));
    });
    return shelf;
  }

  constructor(name, width = 40) {
    this.name = name;
    this.width = width;
    this.books = [];
  }

  put(book) {
    if (this.books.length >= this.width) {
      return false; /* full */
    }
    this.books.push(book);
    book.lentOn = null;
    return true;
  }

  take(title, day) {
    for (const book of this.books) {
      if (book.title === title && !book.isLent) {
        book.lentOn = day;
        return book;
      }
    }
    throw new Error('no ' + title + ' on ' + this.name + ' // really');
  }

  overdue = (today) => {
    const late = this.books.filter((b) => b.isLent && b.dueOn() < today);
    late.sort((a, b) => a.dueOn() - b.dueOn());
    return late;
  };
}

function load(path) {
  const text = fs.readFileSync(path, 'utf-8');
  const rows = JSON.parse(text);
  return Shelf.fromRows(rows);
}

const report = (shelf, today) => {
  const lines = [BANNER.trim()];
  for (const book of shelf.overdue(today)) {
    const days = Math.floor((today - book.dueOn()) / 86400000);
    lines.push(`${book.title}: ${days} days late`);
  }
  return lines.join('\n');
};

const commands = {
  show(path) {
    const shelf = load(path);
    console.log(report(shelf, new Date()));
  },
  count: function (path) {
    const shelf = load(path);
    console.log(shelf.books.length, 'books');
  },
};

module.exports = { Book, Shelf, load, report, commands };
