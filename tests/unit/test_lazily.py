"""A sequence whose members are made when somebody gets to them."""

from __future__ import annotations

import pytest

from qualitywatch.gate.lazily import Lazily


def test_each_is_made_when_it_is_asked_for_and_once():
    made = []

    def shout(word: str) -> str:
        made.append(word)
        return word.upper()

    words = Lazily(shout, ["a", "b", "c"])

    assert 3 == len(words)
    assert not made
    assert "A" == next(iter(words))
    assert ["a"] == made
    assert ["A", "B", "C"] == list(words) == list(words)
    assert ["a", "b", "c"] == made


def test_it_is_asked_as_a_list_is():
    words = Lazily(str.upper, ["a", "b", "c"])

    assert "C" == words[-1]
    assert ["B", "C"] == words[1:]
    assert "B" in words
    with pytest.raises(IndexError):
        words[3]


def test_a_fault_of_one_is_not_taken_for_the_end():
    words = Lazily(lambda word: word[0], ["a", "", "c"])

    with pytest.raises(IndexError):
        list(words)


def test_nothing_is_made_of_nothing():
    assert not Lazily(str.upper, [])
