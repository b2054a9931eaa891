"""Other people's analysers: any tool that writes SARIF can be a source of rules.

A tool is run twice in folders of its own, once over the changed files as the base had
them and once as they are now; only the results that the second run adds count. Its own
settings (`ruff.toml`, `.eslintrc` ...) are taken from the base, so that a change can
not silence the tool that judges it. A tool that is missing, too slow, or writes what
nobody can read makes the files it should have judged unanalysable: never silent green.
"""
