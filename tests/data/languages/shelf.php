<?php

declare(strict_types=1);

namespace Example\Library;

use DateTimeImmutable;

/**
 * Keeps books on shelves, and tells which of them are due.
 */
abstract class Container implements \Countable
{
    # as the house rules say
    public const LOAN_DAYS = 28;

    /** @var Book[] */
    protected array $books = [];

    abstract protected function accepts(Book $book): bool;

    public function count(): int
    {
        return count($this->books);
    }
}

interface Finder
{
    public function find(string $title): ?Book;
}

trait Named
{
    private string $name = 'none // yet';

    public function name(): string
    {
        $name = trim($this->name);
        return $name === '' ? 'shelf' : $name;
    }
}

final class Book
{
    public ?DateTimeImmutable $lentOn = null;

    public function __construct(public string $title, public string $author)
    {
        $this->lentOn = null;
    }

    public function dueOn(DateTimeImmutable $today): DateTimeImmutable
    {
        // A book at home is due today: nobody waits for it.
        if ($this->lentOn === null) {
            return $today;
        }
        return $this->lentOn->modify('+' . Container::LOAN_DAYS . ' days');
    }
}

class Shelf extends Container implements Finder
{
    use Named;

    public function __construct(string $name, private int $width = 40)
    {
        $this->name = $name;
    }

    #[\Override]
    protected function accepts(Book $book): bool
    {
        return $this->count() < $this->width && $book->title !== '';
    }

    public function put(Book $book): bool
    {
        if (!$this->accepts($book)) {
            return false; /* full */
        }
        $this->books[] = $book;
        $book->lentOn = null;
        return true;
    }

    public function find(string $title): ?Book
    {
        foreach ($this->books as $book) {
            if ($book->title === $title) {
                return $book;
            }
        }
        return null;
    }

    public static function load(string $path): self
    {
        $rows = json_decode(file_get_contents($path), true);
        $shelf = new self($path, count($rows));
        foreach ($rows as $row) {
            $shelf->put(new Book($row['title'], $row['author']));
        }
        return $shelf;
    }
}

function report(Shelf $shelf, DateTimeImmutable $today): string
{
    $lines = ["# {$shelf->name()}"];
    $late = $shelf->find('late');
    if ($late !== null && $late->dueOn($today) < $today) {
        $lines[] = $late->title . ' is late';
    }
    return implode("\n", $lines);
}

$show = function (string $path): void {
    $shelf = Shelf::load($path);
    echo report($shelf, new DateTimeImmutable());
};
