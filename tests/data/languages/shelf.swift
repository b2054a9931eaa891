import Foundation

/// Keeps books on shelves, and tells which of them are due.
protocol Finder {
    func find(title: String) -> Book?
}

enum State: String {
    case home
    case lent

    var other: State {
        let isHome = self == .home
        return isHome ? .lent : .home
    }
}

struct Book: Hashable {
    let title: String
    let author: String
    var lentOn: Date?

    func dueOn(today: Date) -> Date {
        // A book at home is due today: nobody waits for it.
        guard let day = lentOn else {
            return today
        }
        return day.addingTimeInterval(Shelf.loan)
    }

    static func < (one: Book, other: Book) -> Bool {
        let byTitle = one.title < other.title
        return byTitle || one.author < other.author
    }
}

@objc
open class Shelf: NSObject, Finder {
    static let loan: TimeInterval = 28 * 86400 // as the house rules say
    private let note = "/* no comment */ // nor here"
    private var books: [Book] = []
    let name: String

    var width: Int = 40 {
        didSet {
            books = Array(books.prefix(width))
        }
    }

    var isFull: Bool {
        get {
            let count = books.count
            return count >= width
        }
        set {
            width = newValue ? books.count : 40
        }
    }

    init(name: String, width: Int) {
        self.name = name
        self.width = width
        super.init()
    }

    convenience init(named name: String) {
        let width = 40
        self.init(name: name, width: width)
    }

    deinit {
        books.removeAll()
        print("gone: \(note)")
    }

    @discardableResult
    public func put(_ book: Book) -> Bool {
        if isFull {
            return false
        }
        books.append(book)
        return true
    }

    func find(title: String) -> Book? {
        let found = books.first { $0.title == title }
        return found
    }
}

/* Reports,
   /* nested */ for people. */
extension Shelf {
    func overdue(today: Date) -> [Book] {
        let late = books.filter { $0.dueOn(today: today) < today }
        return late.sorted { $0.title < $1.title }
    }

    func report(today: Date) -> String {
        let lines = overdue(today: today).map { book in
            "\(book.title) is late"
        }
        return lines.joined(separator: "\n")
    }
}

func load(path: String) throws -> Shelf {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let shelf = Shelf(named: path)
    for book in try JSONDecoder().decode([Book].self, from: data) {
        shelf.put(book)
    }
    return shelf
}
