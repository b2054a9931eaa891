"""How the page looks: one style element, light and dark, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #57606a;
  --rule: #d0d7de; --c0: #b35900; --c1: #0a6ebd; --c2: #117a55; --c3: #a1288a;
  --c4: #6b5900; --c5: #4b5563; --bad: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #11151a; --soft: #9aa4af; --rule: #343b44;
    --c0: #ff9b4a; --c1: #6cb6ff; --c2: #4cc38a; --c3: #f08fdb; --c4: #d9c04a;
    --c5: #aab4c0; --bad: #ff8f85; } }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
p, caption, figcaption, .soft { color: var(--soft); } p { margin: .3rem 0; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid var(--rule); overflow-wrap: normal; }
tbody th { font-weight: 600; min-width: 13rem; }
.n { text-align: right; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
figure { margin: .6rem 0; } figure > svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--rule); } .axis { fill: var(--soft); font-size: 12px; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.line { fill: none; stroke-width: 2; }
.line.c1 { stroke-dasharray: 7 3; } .line.c2 { stroke-dasharray: 2 3; }
.line.c3 { stroke-dasharray: 9 3 2 3; } .line.c4 { stroke-dasharray: 4 4; }
.line.c5 { stroke-dasharray: 1 5; }
.line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); }
.line.c2 { stroke: var(--c2); } .line.c3 { stroke: var(--c3); }
.line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); }
.dot.c0, .bar.c0 { fill: var(--c0); } .dot.c1, .bar.c1 { fill: var(--c1); }
.dot.c2, .bar.c2 { fill: var(--c2); } .dot.c3, .bar.c3 { fill: var(--c3); }
.dot.c4, .bar.c4 { fill: var(--c4); } .dot.c5, .bar.c5 { fill: var(--c5); }
.bar { stroke: var(--paper); stroke-width: .5; }
.solid .line { stroke-dasharray: none; stroke-width: 10; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none;
  margin: .2rem 0; padding: 0; }
.key { width: 28px; height: 10px; margin-right: .4rem; }
summary { cursor: pointer; color: var(--soft); }
ul.found { margin: 0; padding-left: 1rem; }
"""

HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{HASH}';"
    " base-uri 'none'; form-action 'none'"
)
"""What the browser may load: this very style element, and nothing else."""
