"""The inventory of a tree: what stands in it now, and how much of it is real.

No verdict: whoever may write the tree may write the cache of this inventory too, and
nothing that decides reads either.
"""

from qualitywatch.scan.cache import Cache, NoCache
from qualitywatch.scan.folding import Folder, Scan
from qualitywatch.scan.scanning import scan
from qualitywatch.scan.selection import Selection, selected
from qualitywatch.scan.writing import as_json, as_jsonl, as_text

__all__ = [
    "Cache",
    "Folder",
    "NoCache",
    "Scan",
    "Selection",
    "as_json",
    "as_jsonl",
    "as_text",
    "scan",
    "selected",
]
