using System;
using System.Collections.Generic;
using System.Linq;

namespace Example.Library
{
    /// <summary>Keeps books on shelves, and tells which of them are due.</summary>
    [Serializable]
    public class Shelf : Container<Book>, IFinder
    {
        private const int LoanDays = 28; // as the house rules say
        private const string Note = "/* no comment */ // nor here";

        private readonly List<Book> _books = new List<Book>();
        private int _width;

        public Shelf(string name, int width = 40)
        {
            Name = name;
            Width = width;
        }

        public string Name { get; }

        public int Width
        {
            get { return _width; }
            set
            {
                if (value < 0)
                {
                    throw new ArgumentOutOfRangeException(nameof(value));
                }
                _width = value;
            }
        }

        public int Count => _books.Count;

        public bool Put(Book book)
        {
            if (_books.Count >= Width)
            {
                return false;
            }
            _books.Add(book);
            book.LentOn = null;
            return true;
        }

        public Book Find(string title)
        {
            return _books.FirstOrDefault(book => book.Title == title);
        }

        /* The books that should be back,
           the oldest first. */
        public IEnumerable<Book> Overdue(DateTime today)
        {
            var late = _books.Where(book => DueOn(book, today) < today);
            return late.OrderBy(book => DueOn(book, today));
        }

        public override string ToString()
        {
            var titles = string.Join(", ", _books.Select(book => book.Title));
            return $"{Name}: {titles} {Note}";
        }

        private static DateTime DueOn(Book book, DateTime today)
        {
            // A book at home is due today: nobody waits for it.
            return book.LentOn?.AddDays(LoanDays) ?? today;
        }

        public static bool operator ==(Shelf one, Shelf other)
        {
            return ReferenceEquals(one, other) || one?.Name == other?.Name;
        }
    }

    public interface IFinder
    {
        Book Find(string title);
    }

    public class Book
    {
        public string Title { get; set; }

        public DateTime? LentOn { get; set; }

        [Obsolete("Use LentOn")]
        public bool IsLent()
        {
            var today = DateTime.Today;
            return LentOn != null && LentOn <= today;
        }
    }
}
