#!/usr/bin/env ruby
# frozen_string_literal: true

require "date"
require "json"

=begin
Keeps books on shelves,
and tells which of them are due.
=end
module Library
  LOAN_DAYS = 28 # as the house rules say
  NOTE = "# no comment"

  # One copy of a book.
  class Book
    attr_reader :title, :author
    attr_accessor :lent_on

    def initialize(title, author)
      @title = title
      @author = author
      @lent_on = nil
    end

    def lent?
      !@lent_on.nil?
    end

    def due_on(today = Date.today)
      # A book at home is due today: nobody waits for it.
      return today unless lent?

      @lent_on + LOAN_DAYS
    end

    def ==(other)
      title == other.title && author == other.author
    end
  end

  class Shelf < Container
    include Enumerable

    class << self
      def load(path)
        rows = JSON.parse(File.read(path))
        shelf = new(path, rows.length)
        rows.each { |row| shelf.put(Book.new(row["title"], row["author"])) }
        shelf
      end
    end

    def self.empty(name)
      new(name, 0)
    end

    def initialize(name, width = 40)
      @name = name
      @width = width
      @books = []
    end

    def put(book)
      return false if @books.length >= @width

      @books << book
      book.lent_on = nil
      true
    end

    def take(title, day)
      @books.each do |book|
        next unless book.title == title

        book.lent_on = day
        return book
      end
      raise KeyError, "no #{title} on #{@name} # really"
    rescue NoMethodError => e
      warn(e.message)
      nil
    end

    def overdue(today)
      late = @books.select { |book| book.lent? && book.due_on < today }
      late.sort_by { |book| [book.due_on, book.title] }
    end

    private

    def grouped
      @books.group_by do |book|
        book.author.downcase
      end
    end
  end
end

RSpec.describe Library::Shelf do
  let(:shelf) { Library::Shelf.empty("tiny") }

  it "takes nothing when full" do
    book = Library::Book.new("Emma", "Austen")
    expect(shelf.put(book)).to be(false)
  end
end
