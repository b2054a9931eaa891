"""What `qualitywatch doctor` looks at: each check one small function, in one table.

A check says nothing, or a `Checked` that is well, wrong (with the mend), or only noted
because it does not apply here. None of them changes anything.
"""
