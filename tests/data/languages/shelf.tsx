import React, { useCallback, useMemo, useState } from 'react';

interface Book {
  title: string;
  author: string;
  dueOn: Date;
}

type Props = { books: Book[]; onTake: (book: Book) => void };

const NOTE = 'Books // due soon';

/** One row of the table. */
function Row({ book, onTake }: { book: Book; onTake: (book: Book) => void }) {
  const isLate = book.dueOn < new Date();
  return (
    <tr className={isLate ? 'late' : 'fine'}>
      <td>{book.title}</td>
      <td>{book.author}</td>
      {/* the button is for members only */}
      <td>
        <button onClick={() => onTake(book)}>Take</button>
      </td>
    </tr>
  );
}

export const Shelf: React.FC<Props> = ({ books, onTake }) => {
  const [query, setQuery] = useState('');

  const found = useMemo(() => {
    const word = query.trim().toLowerCase();
    return books.filter((book) => book.title.toLowerCase().includes(word));
  }, [books, query]);

  const handleTake = useCallback(
    (book: Book) => {
      // The list comes back from the server.
      onTake(book);
      setQuery('');
    },
    [onTake],
  );

  return (
    <section>
      <h2>{NOTE}</h2>
      <input value={query} onChange={(event) => setQuery(event.target.value)} />
      <table>
        <tbody>
          {found.map((book) => (
            <Row key={book.title} book={book} onTake={handleTake} />
          ))}
        </tbody>
      </table>
    </section>
  );
};

export class Counter extends React.Component<{ step: number }, { count: number }> {
  state = { count: 0 };

  increase = () => {
    const { step } = this.props;
    this.setState(({ count }) => ({ count: count + step }));
  };

  render() {
    return (
      <p>
        {this.state.count} books
        <button onClick={this.increase}>more</button>
      </p>
    );
  }
}

export default function Page({ books }: { books: Book[] }) {
  const [taken, setTaken] = useState<Book[]>([]);
  const take = (book: Book) => {
    const rest = taken.filter((other) => other.title !== book.title);
    setTaken([...rest, book]);
  };
  return <Shelf books={books} onTake={take} />;
}
