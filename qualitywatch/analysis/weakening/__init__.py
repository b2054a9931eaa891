"""Tests as text: their cases, what they assert, and how an edit weakens them.

Frameworks tell a test by its name, an annotation or a label, and end it by indentation;
so every language is read by tables of words (`dialects`), whatever its grammar.
"""
