"""Honest and lazy changes, made by program over the files of real repositories."""
