"""The cache of encoded words: what it keeps, what it lets go, and that a large one costs no more than a small one."""

from __future__ import annotations

import pytest
import torch

from fluxkit.engines.local.embeds import EmbedCache, Embeds


def words(numbers: int) -> Embeds:
    return Embeds(torch.zeros(1, 1, numbers), torch.zeros(1, 1))


def test_the_bytes_told_are_those_of_what_is_kept():
    cache = EmbedCache(1000)
    cache.put("a", words(9))
    cache.put("b", words(19))
    cache.put("a", words(29))
    assert cache.nbytes == 4 * (30 + 20) and len(cache) == 2
    cache.clear()
    assert cache.nbytes == 0


def test_the_words_used_longest_ago_go_first_and_the_newest_always_stays():
    cache = EmbedCache(4 * 25)
    cache.put("a", words(9))
    cache.put("b", words(9))
    cache.get("a", lambda: words(9))
    cache.put("c", words(9))
    assert "b" not in cache and "a" in cache and cache.nbytes == 4 * 20
    cache.put("large", words(99))
    assert len(cache) == 1 and "large" in cache


def test_ten_thousand_prompts_are_not_counted_anew_for_each(monkeypatch: pytest.MonkeyPatch):
    counted = []
    plain = Embeds.nbytes.fget
    monkeypatch.setattr(Embeds, "nbytes", property(lambda self: counted.append(1) or plain(self)))
    cache, one = EmbedCache(2**30), words(9)
    for number in range(300):
        cache.put(number, one)
    assert len(counted) <= 2 * 300
