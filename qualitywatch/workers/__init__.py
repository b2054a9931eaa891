"""Analysis in processes that can be killed: no file can stall or crash us.

A file of 2 KB can cost a parser a gigabyte or a segmentation fault, and every parser
holds the interpreter's lock. So the daemon never parses: `Workers` keeps a pool of
processes with limits, in which a bad file fails alone, and `examine_once` judges one
change in a child of its own, for commands that are over before a pool would be warm.
Whatever ends a worker becomes an `Unanalysable` with the reason: never silence.
"""

from qualitywatch.workers.once import examine_once, imports_once
from qualitywatch.workers.pool import Workers

__all__ = ["Workers", "examine_once", "imports_once"]
