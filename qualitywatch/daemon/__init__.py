"""The daemon: builds everything in one place, runs it, and takes it down in order.

`place` is where its state lives and how others find it, which every command asks and
which must stay light; `daemon` is what runs there, or stands in while nothing runs.
"""
