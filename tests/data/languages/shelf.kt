package org.example.shelf

import java.time.LocalDate

/** Keeps books on shelves, and tells which of them are due. */
interface Finder {
    fun find(title: String): Book?

    fun has(title: String): Boolean {
        val found = find(title)
        return found != null
    }
}

enum class State {
    HOME,
    LENT;

    fun other(): State {
        return if (this == HOME) LENT else HOME
    }
}

data class Book(val title: String, val author: String) {
    var lentOn: LocalDate? = null

    val state: State
        get() {
            val day = lentOn
            return if (day == null) State.HOME else State.LENT
        }

    fun dueOn(today: LocalDate): LocalDate {
        // A book at home is due today: nobody waits for it.
        val day = lentOn ?: return today
        return day.plusDays(Shelf.LOAN_DAYS)
    }
}

abstract class Container(val name: String) {
    abstract fun accepts(book: Book): Boolean

    open fun describe(): String = "$name // no comment"
}

class Shelf(name: String, private val width: Int) : Container(name), Finder {
    private val books = mutableListOf<Book>()

    companion object {
        const val LOAN_DAYS = 28L // as the house rules say

        fun empty(name: String): Shelf {
            val shelf = Shelf(name, 0)
            return shelf
        }
    }

    init {
        require(width >= 0) { "no width" }
    }

    constructor(name: String) : this(name, 40) {
        println("a shelf of forty: $name")
    }

    override fun accepts(book: Book): Boolean {
        return books.size < width && book.title.isNotBlank()
    }

    fun put(book: Book): Boolean {
        if (!accepts(book)) {
            return false
        }
        books.add(book)
        book.lentOn = null
        return true
    }

    override fun find(title: String): Book? = books.firstOrNull { it.title == title }

    /* The books that should be back,
       /* nested */ the oldest first. */
    fun overdue(today: LocalDate): List<Book> {
        val late = books.filter { it.dueOn(today) < today }
        return late.sortedBy { it.dueOn(today) }
    }
}

fun Shelf.titles(today: LocalDate): List<String> {
    val late = overdue(today)
    return late.map { it.title }
}

object Library {
    private val shelves = mutableMapOf<String, Shelf>()

    fun shelf(name: String): Shelf {
        val known = shelves[name]
        return known ?: Shelf(name).also { shelves[name] = it }
    }
}

val report = { shelf: Shelf, today: LocalDate ->
    val lines = shelf.titles(today)
    lines.joinToString("\n")
}
