package org.example.shelf

import java.time.LocalDate
import scala.collection.mutable

/** Keeps books on shelves, and tells which of them are due. */
trait Finder {
  def find(title: String): Option[Book]

  def has(title: String): Boolean = {
    val found = find(title)
    found.isDefined
  }
}

case class Book(title: String, author: String, lentOn: Option[LocalDate] = None) {
  def dueOn(today: LocalDate): LocalDate = {
    // A book at home is due today: nobody waits for it.
    lentOn match {
      case Some(day) => day.plusDays(Shelf.LoanDays)
      case None => today
    }
  }

  def <(other: Book): Boolean =
    title < other.title || author < other.author
}

abstract class Container(val name: String) {
  def accepts(book: Book): Boolean
}

class Shelf(name: String, width: Int = 40) extends Container(name) with Finder {
  private val books = mutable.ListBuffer.empty[Book]

  def this(name: String) = {
    this(name, 40)
    println("a shelf of forty")
  }

  override def accepts(book: Book): Boolean = {
    books.size < width && book.title.nonEmpty
  }

  def put(book: Book): Boolean = {
    if (!accepts(book)) {
      return false
    }
    books += book.copy(lentOn = None)
    true
  }

  override def find(title: String): Option[Book] = {
    books.find(_.title == title)
  }

  /* The books that should be back,
     /* nested */ the oldest first. */
  def overdue(today: LocalDate): List[Book] = {
    val late = books.filter(book => book.dueOn(today).isBefore(today))
    late.sortBy(_.title).toList
  }
}

object Shelf {
  val LoanDays = 28L // as the house rules say
  val Note = "/* no comment */ // nor here"

  def load(rows: Seq[(String, String)]): Shelf = {
    val shelf = new Shelf("loaded", rows.size)
    for ((title, author) <- rows) {
      shelf.put(Book(title, author))
    }
    shelf
  }
}

object Reports {
  def late(shelf: Shelf, today: LocalDate): String = {
    def line(book: Book): String = {
      val day = book.dueOn(today)
      s"${book.title} was due on $day"
    }
    shelf.overdue(today).map(line).mkString("\n")
  }
}

class ShelfTest extends FunSuite {
  test("a full shelf takes nothing") {
    val shelf = new Shelf("tiny", 0)
    assert(!shelf.put(Book("Emma", "Austen")))
  }
}
