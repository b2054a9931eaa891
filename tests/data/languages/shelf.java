package org.example.shelf;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Keeps books on shelves, and tells which of them are due.
 */
public class Shelf implements Iterable<Shelf.Book> {
    private static final int LOAN_DAYS = 28; // as the house rules say
    private static final String NOTE = "/* no comment */ // nor here";

    private final String name;
    private final int width;
    private final List<Book> books = new ArrayList<>();

    public Shelf(String name) {
        this(name, 40);
    }

    public Shelf(String name, int width) {
        this.name = name;
        this.width = width;
    }

    public boolean put(Book book) {
        if (books.size() >= width) {
            return false;
        }
        books.add(book);
        book.lentOn = null;
        return true;
    }

    public Book take(String title, LocalDate day) {
        for (Book book : books) {
            if (book.title.equals(title) && book.lentOn == null) {
                book.lentOn = day;
                return book;
            }
        }
        throw new IllegalStateException("no " + title + " on " + name);
    }

    /* The books that should be back,
       the oldest first. */
    public List<Book> overdue(LocalDate today) {
        List<Book> late = new ArrayList<>();
        for (Book book : books) {
            if (book.dueOn().isBefore(today)) {
                late.add(book);
            }
        }
        late.sort(BY_DATE);
        return late;
    }

    static final Comparator<Book> BY_DATE = new Comparator<Book>() {
        @Override
        public int compare(Book one, Book other) {
            int byDate = one.dueOn().compareTo(other.dueOn());
            return byDate != 0 ? byDate : one.title.compareTo(other.title);
        }
    };

    @Override
    public java.util.Iterator<Book> iterator() {
        List<Book> copy = new ArrayList<>(books);
        return copy.iterator();
    }

    /** One copy of a book. */
    public static class Book {
        private final String title;
        private final String author;
        private LocalDate lentOn;

        public Book(String title, String author) {
            this.title = title;
            this.author = author;
        }

        public LocalDate dueOn() {
            // A book at home is due today: nobody waits for it.
            if (lentOn == null) {
                return LocalDate.now();
            }
            return lentOn.plusDays(LOAN_DAYS);
        }

        @Override
        public String toString() {
            String text = title + " by " + author;
            return lentOn == null ? text : text + NOTE;
        }
    }

    enum State {
        HOME,
        LENT;

        State other() {
            return this == HOME ? LENT : HOME;
        }
    }

    interface Finder {
        Book find(String title);

        default boolean has(String title) {
            Book found = find(title);
            return found != null;
        }
    }
}
