"""Rules written as queries, expressions and libcst matchers."""
