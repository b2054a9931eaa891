"""Texts become units: modules, classes, functions, with names and bodies."""
