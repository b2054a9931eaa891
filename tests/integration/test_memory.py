"""Judging gives back the memory it takes: the daemon's workers judge all day."""

from __future__ import annotations

import gc

import psutil

from qualitywatch import rulebook
from qualitywatch.analysis import CHECKS, analyse
from qualitywatch.model import Change

ROUNDS = 40
MEGABYTE = 1024 * 1024
FUNCTION = b"""
export function fee%d(order: Order, kinds: Kind[]): number {
  if (order.kind === kinds[0] && order.weight > 3) return rate(order.weight) - %d;
  return order.isExpress ? 2 * rate(order.weight) : rate(order.weight);
}
"""


def test_judging_keeps_no_tree() -> None:
    """A tree is many times its text: none may stay when its file is judged."""
    rules = rulebook.load(known_checks=CHECKS)
    text = b"".join(FUNCTION % (at, at) for at in range(200))
    process = psutil.Process()
    after = [text + b"// %d\n" % at for at in range(ROUNDS)]

    def judge(content: bytes) -> None:
        analyse(Change(path="src/fees.ts", before=text, after=content), rules)
        gc.collect()

    for content in after[:10]:
        judge(content)
    before = process.memory_info().rss
    for content in after[10:]:
        judge(content)
    grown = process.memory_info().rss - before

    assert grown < 20 * MEGABYTE
