/* Keeps books on shelves, and tells which of them are due. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAN_DAYS 28 // as the house rules say
#define MAX(a, b) ((a) > (b) ? (a) : (b))

static const char *note = "/* no comment */ // nor here";

struct book {
    char *title;
    char *author;
    long lent_on;
    struct book *next;
};

struct shelf {
    const char *name;
    int width;
    int count;
    struct book *first;
};

/**
 * A new shelf; the caller frees it.
 */
struct shelf *shelf_new(const char *name, int width)
{
    struct shelf *shelf = calloc(1, sizeof(*shelf));
    if (!shelf)
        return NULL;
    shelf->name = name;
    shelf->width = MAX(width, 1);
    return shelf;
}

static struct book *book_new(const char *title, const char *author)
{
    struct book *book = malloc(sizeof(*book));
    if (book) {
        book->title = strdup(title);
        book->author = strdup(author);
        book->lent_on = 0;
        book->next = NULL;
    }
    return book;
}

int shelf_put(struct shelf *shelf, const char *title, const char *author)
{
    struct book *book;

    if (shelf->count >= shelf->width)
        return -1; /* full */
    book = book_new(title, author);
    if (!book)
        return -1;
    book->next = shelf->first;
    shelf->first = book;
    return ++shelf->count;
}

/// The day on which the copy has to be back.
static long due_on(const struct book *book, long today)
{
    // A book at home is due today: nobody waits for it.
    if (book->lent_on == 0)
        return today;
    return book->lent_on + LOAN_DAYS;
}

static int (*compare_with(int by_title))(const void *, const void *)
{
    if (by_title)
        return compare_titles;
    return compare_days;
}

struct book *shelf_find(struct shelf *shelf, const char *title)
{
    for (struct book *book = shelf->first; book; book = book->next) {
        if (strcmp(book->title, title) == 0)
            return book;
    }
    return NULL;
}

void report(const struct shelf *shelf, long today)
{
    const struct book *book;

    printf("%s: %s\n", shelf->name, note);
    for (book = shelf->first; book; book = book->next) {
        long late = today - due_on(book, today);
        if (late > 0)
            printf("%s is %ld days late\n", book->title, late);
    }
}

void shelf_free(struct shelf *shelf)
{
    while (shelf->first) {
        struct book *next = shelf->first->next;
        free(shelf->first->title);
        free(shelf->first->author);
        free(shelf->first);
        shelf->first = next;
    }
    free(shelf);
}
