"""Sketches and sets of shingles, compiled: the kernels of `near.py`."""

from __future__ import annotations

import numpy as np

from filters.text.machine_code import compiled
from filters.text.words import mixed, sequence, text_words

SIZE = 5
"""Words in a shingle."""
BANDS, ROWS = 25, 5
"""Of the sketch."""
SLOTS = 1 << 19
"""Counters of shingles. Two that share one are told apart as long as one is common and one rare."""
CROWD = 100
"""Representatives of one band that a text is compared with at most."""


@compiled()
def number_bucket(keys, order, numbers, count):
    start = 0
    for place in range(1, len(order) + 1):
        if place < len(order) and keys[order[place]] == keys[order[start]]:
            continue
        if place - start > 1:
            for at in range(start, place):
                numbers[order[at]] = count
            count += 1
        start = place
    return count


@compiled()
def _shingled(hashes, count, out):
    """Writes the shingles of a text from its words; a short text is one. Returns how many."""
    if count == 0:
        return 0
    base = np.uint64(0x9E3779B97F4A7C15)
    size = min(count, SIZE)
    lead = np.uint64(1)
    for _ in range(size - 1):
        lead *= base
    run = np.uint64(0)
    made = 0
    for place in range(count):
        if place >= size:
            run -= hashes[place - size] * lead
        run = run * base + hashes[place]
        if place >= size - 1:
            out[made] = mixed(run)
            made += 1
    return made


@compiled()
def count_shingles(
    data, offsets, table, folded, beyond, hashes, starts, ends, kinds, out, counts, owners, last
):
    """Counts the texts that have a shingle.

    Each counter belongs to the shingle that has most of its votes, as in Boyer and Moore's
    majority vote: what stands in many texts keeps its counter from all that stand in a few.
    """
    for text in range(len(offsets) - 1):
        words = text_words(
            data, offsets[text], offsets[text + 1], table, folded, beyond,
            hashes, starts, ends, kinds, 0,
        )  # fmt: skip
        made = _shingled(hashes, words, out)
        for place in range(made):
            shingle = np.uint32(out[place])
            slot = np.int64(shingle & np.uint32(SLOTS - 1))
            if owners[slot] == shingle and counts[slot]:
                if last[slot] != text:
                    counts[slot] += 1
                    last[slot] = text
            elif counts[slot] == 0:
                owners[slot], counts[slot], last[slot] = shingle, 1, text
            else:
                counts[slot] -= 1


@compiled()
def enter_common(common, weights, shingles, weighs):
    for place in range(len(common)):
        at = np.int64(common[place]) & (len(shingles) - 1)
        while weighs[at] > 0:
            at = (at + 1) & (len(shingles) - 1)
        shingles[at], weighs[at] = common[place], weights[place]


@compiled()
def _weight(shingle, shingles, weighs):
    """What a shingle counts: 1 for all but common ones."""
    at = np.int64(shingle) & (len(shingles) - 1)
    while weighs[at] > 0:
        if shingles[at] == shingle:
            return weighs[at]
        at = (at + 1) & (len(shingles) - 1)
    return np.float32(1.0)


@compiled()
def sketch_texts(
    data, offsets, table, folded, beyond, hashes, starts, ends, kinds, out,
    kept, sketch, common, weighs, groups, bands, texts, sizes, shingles,
):  # fmt: skip
    """Writes bands, hash, size and shingles of each text; returns the shingles written."""
    total = 0
    for text in range(len(offsets) - 1):
        words = text_words(
            data, offsets[text], offsets[text + 1], table, folded, beyond,
            hashes, starts, ends, kinds, 0,
        )  # fmt: skip
        made = _shingled(hashes, words, out)
        texts[text], sizes[text] = mixed(sequence(hashes, 0, words) ^ groups[text]), made
        left = 0
        for place in range(made):
            shingles[total + place] = np.uint32(out[place])
            # A common shingle is taken by lot, the same for every text: so sketches weigh as the
            # comparison does, and what all texts share brings none of them together.
            weight = _weight(np.uint32(out[place]), common, weighs)
            if weight == 1 or (out[place] >> np.uint64(40)) < weight * 16777216.0:
                kept[left] = out[place]
                left += 1
        total += made
        if left == 0:
            for place in range(made):
                kept[place] = out[place]
            left = made
        _similarity_sketch(kept, left, sketch)
        for band in range(BANDS):
            key = mixed(groups[text] + np.uint64(band + 1))
            for row in range(ROWS):
                key = mixed(key ^ sketch[band * ROWS + row])
            # A text without words is near nobody.
            bands[text, band] = key if left else mixed(np.uint64(text)) ^ key
    return total


@compiled()
def _similarity_sketch(values, count, sketch):
    """Fast similarity sketching: rounds of hashing until each place of the sketch has a value; in
    the first rounds to a random place, then to each place in turn."""
    width = len(sketch)
    for slot in range(width):
        sketch[slot] = np.uint64(0xFFFFFFFFFFFFFFFF)
    if count == 0:
        return
    empty = width
    for turn in range(2 * width):
        stamp = np.uint64(turn) << np.uint64(56)
        for place in range(count):
            value = mixed(values[place] + np.uint64(turn) * np.uint64(0x9E3779B97F4A7C15))
            if turn < width:
                slot = np.int64(((value >> np.uint64(40)) * np.uint64(width)) >> np.uint64(24))
            else:
                slot = turn - width
            key = stamp | (value & np.uint64(0x00FFFFFFFFFFFFFF))
            if key < sketch[slot]:
                if sketch[slot] == np.uint64(0xFFFFFFFFFFFFFFFF):
                    empty -= 1
                sketch[slot] = key
        if empty == 0:
            return


@compiled()
def _laid_out(shingles, start, end, text, keys, owners, common, weighs):
    """Puts a text's shingles into the table; returns the weight of all different ones."""
    total, mask = 0.0, len(keys) - 1
    for place in range(start, end):
        key = shingles[place]
        at = np.int64(key) & mask
        while owners[at] == text and keys[at] != key:
            at = (at + 1) & mask
        if owners[at] != text:
            keys[at], owners[at] = key, text
            total += _weight(key, common, weighs)
    return total


@compiled()
def _shared(shingles, start, end, text, other, keys, owners, met, common, weighs):
    """The weight of the shingles of another text that are in the table."""
    total, mask = 0.0, len(keys) - 1
    for place in range(start, end):
        key = shingles[place]
        at = np.int64(key) & mask
        while owners[at] == text and keys[at] != key:
            at = (at + 1) & mask
        if owners[at] == text and met[at] != other:
            met[at] = other
            total += _weight(key, common, weighs)
    return total


@compiled()
def join_clusters(
    shingles, bounds, buckets, same, numbers, answers, threshold, common, weighs,
    head, behind, tried, sums, keys, owners, met, representative, similarity,
):  # fmt: skip
    for text in range(len(bounds) - 1):
        if same[text] < text:
            representative[text] = representative[same[text]]
            similarity[text] = similarity[same[text]]
            continue
        crowded = False
        for band in range(BANDS):
            crowded |= buckets[text, band] >= 0
        if not crowded:
            continue
        start, end = bounds[text], bounds[text + 1]
        sums[text] = _laid_out(shingles, start, end, text, keys, owners, common, weighs)
        best, nearest = 0.0, -1
        for band in range(BANDS):
            bucket = buckets[text, band]
            other = np.int64(head[bucket]) if bucket >= 0 else -1
            for _ in range(CROWD):
                if other < 0:
                    break
                if tried[other] != text:
                    tried[other] = text
                    if (
                        numbers[text] != numbers[other]
                        and answers[text] != answers[other]
                        and answers[text] != 0
                        and answers[other] != 0
                    ):
                        other = np.int64(behind[other, band])
                        continue  # two tasks of one form
                    shared = _shared(
                        shingles, bounds[other], bounds[other + 1], text, other,
                        keys, owners, met, common, weighs,
                    )  # fmt: skip
                    near = shared / (sums[text] + sums[other] - shared)
                    if near > best or (near == best and other < nearest):
                        best, nearest = near, other
                other = np.int64(behind[other, band])
        if nearest >= 0 and best >= threshold:
            representative[text], similarity[text] = nearest, best
            continue
        for band in range(BANDS):
            bucket = buckets[text, band]
            if bucket >= 0:
                behind[text, band] = head[bucket]
                head[bucket] = text
