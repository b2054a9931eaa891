/** Keeps books on shelves, and tells which of them are due. */
import { readFileSync } from 'node:fs';

const LOAN_DAYS = 28; // as the house rules say
const NOTE = "/* no comment */ // nor here";

export interface Row {
  title: string;
  author: string;
  tags?: string[];
}

export enum State {
  Home = 'home',
  Lent = 'lent',
}

export abstract class Item<T extends Row = Row> {
  protected constructor(public readonly row: T) {}

  abstract describe(): string;

  matches(word: string): boolean {
    const text = `${this.row.title} ${this.row.author}`.toLowerCase();
    return text.includes(word.toLowerCase());
  }
}

export class Book extends Item implements Comparable<Book> {
  private lentOn: Date | null = null;

  constructor(row: Row) {
    super(row);
    this.lentOn = null;
  }

  get state(): State {
    return this.lentOn === null ? State.Home : State.Lent;
  }

  describe(): string {
    const tags = this.row.tags ?? [];
    return `${this.row.title} by ${this.row.author} [${tags.join(', ')}]`;
  }

  dueOn(today: Date): Date {
    // A book at home is due today: nobody waits for it.
    if (this.lentOn === null) {
      return today;
    }
    const due = new Date(this.lentOn);
    due.setDate(due.getDate() + LOAN_DAYS);
    return due;
  }

  lend(day: Date): void {
    if (this.state === State.Lent) {
      throw new Error(`${this.row.title} is lent already`);
    }
    this.lentOn = day;
  }
}

export namespace Shelves {
  export function widest(shelves: Shelf[]): Shelf | undefined {
    let best: Shelf | undefined;
    for (const shelf of shelves) {
      if (!best || shelf.width > best.width) best = shelf;
    }
    return best;
  }
}

export class Shelf {
  readonly books: Book[] = [];

  constructor(public name: string, public width = 40) {}

  put(book: Book): boolean {
    if (this.books.length >= this.width) {
      return false;
    }
    this.books.push(book);
    return true;
  }

  overdue = (today: Date): Book[] => {
    const late = this.books.filter((b) => b.dueOn(today) < today);
    late.sort((a, b) => a.describe().localeCompare(b.describe()));
    return late;
  };
}

export function load(path: string): Shelf {
  const rows = JSON.parse(readFileSync(path, 'utf-8')) as Row[];
  const shelf = new Shelf(path, rows.length);
  for (const row of rows) {
    shelf.put(new Book(row));
  }
  return shelf;
}

export const report = async (shelf: Shelf, today: Date): Promise<string> => {
  const lines = [NOTE];
  for (const book of shelf.overdue(today)) {
    lines.push(book.describe());
  }
  return lines.join('\n');
};
