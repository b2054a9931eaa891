#!/usr/bin/env lua
--- Keeps books on shelves, and tells which of them are due.
local json = require("json")

local LOAN_DAYS = 28 -- as the house rules say
local NOTE = "-- no comment"
local PAGE = [[
-- nor here
]]

local Book = {}
Book.__index = Book

function Book.new(title, author)
   local self = setmetatable({}, Book)
   self.title = title
   self.author = author
   self.lent_on = nil
   return self
end

function Book:due_on(today)
   -- A book at home is due today: nobody waits for it.
   if not self.lent_on then
      return today
   end
   return self.lent_on + LOAN_DAYS
end

local Shelf = {}
Shelf.__index = Shelf

Shelf.new = function(name, width)
   local self = setmetatable({}, Shelf)
   self.name = name
   self.width = width or 40
   self.books = {}
   return self
end

--[[ Puts the book on the shelf,
     if there is room. ]]
function Shelf:put(book)
   if #self.books >= self.width then
      return false
   end
   table.insert(self.books, book)
   book.lent_on = nil
   return true
end

function Shelf:take(title, day)
   for _, book in ipairs(self.books) do
      if book.title == title and not book.lent_on then
         book.lent_on = day
         return book
      end
   end
   error("no " .. title .. " on " .. self.name)
end

function Shelf:overdue(today)
   local late = {}
   for _, book in ipairs(self.books) do
      if book:due_on(today) < today then
         table.insert(late, book)
      end
   end
   table.sort(late, function(a, b)
      return a:due_on(today) < b:due_on(today)
   end)
   return late
end

local function load_rows(text)
   local rows = json.decode(text)
   local shelf = Shelf.new("loaded", #rows)
   for _, row in ipairs(rows) do
      shelf:put(Book.new(row.title, row.author))
   end
   return shelf
end

local report = function(shelf, today)
   local lines = { NOTE, PAGE }
   for _, book in ipairs(shelf:overdue(today)) do
      lines[#lines + 1] = book.title .. " is late"
   end
   return table.concat(lines, "\n")
end

return { Book = Book, Shelf = Shelf, load = load_rows, report = report }
