"""BLAKE3, plain and short, for bundles written by tests (the specification's reference in Python)."""

import struct

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
ROUND = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
MASK = 0xFFFFFFFF


def _rotate(value, count):
    return (value >> count | value << (32 - count)) & MASK


def _compress(chaining, block, counter, length, flags):
    state = [*chaining, *IV[:4], counter & MASK, counter >> 32, length, flags]
    block = list(block)
    for _ in range(7):
        for index, (a, b, c, d) in enumerate(ROUND):
            for message, (first, second) in ((block[2 * index], (16, 12)), (block[2 * index + 1], (8, 7))):
                state[a] = (state[a] + state[b] + message) & MASK
                state[d] = _rotate(state[d] ^ state[a], first)
                state[c] = (state[c] + state[d]) & MASK
                state[b] = _rotate(state[b] ^ state[c], second)
        block = [block[index] for index in PERMUTATION]
    return [state[index] ^ state[index + 8] for index in range(8)]


def _words(block):
    return struct.unpack("<16I", block.ljust(64, b"\0"))


def _chunk(chunk, counter, root):
    chaining = IV
    blocks = [chunk[start : start + 64] for start in range(0, len(chunk), 64)] or [b""]
    for index, block in enumerate(blocks):
        flags = (CHUNK_START if index == 0 else 0) | (CHUNK_END | root if index == len(blocks) - 1 else 0)
        chaining = _compress(chaining, _words(block), counter, len(block), flags)
    return chaining


def _tree(data, counter, root):
    chunks = max(1, -(-len(data) // 1024))
    if chunks == 1:
        return _chunk(data, counter, root)
    left = 1 << (chunks - 1).bit_length() - 1
    block = _tree(data[: left * 1024], counter, 0) + _tree(data[left * 1024 :], counter + left, 0)
    return _compress(IV, block, 0, 64, PARENT | root)


def blake3(data):
    return struct.pack("<8I", *_tree(bytes(data), 0, ROOT))


assert blake3(b"").hex().startswith("af1349b9f5f9a1a6a0404dea36dcc949")
