"""Analysis in processes that can be killed: no file can stall or crash us.

A file of 2 KB can cost a parser a gigabyte or a segmentation fault, and every parser
holds the interpreter's lock. So nobody parses in its own process. The daemon keeps a
pool (`pool.Workers`). A command is over before a pool is warm: it forks itself, as
often as it has work for (`batches.Batches`), or once for a single question (`once`).
Whatever ends a worker becomes an `Unanalysable` with the reason: never silence.

Nothing is imported here: a command must not pay for the pool.
"""
