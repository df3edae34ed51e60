"""XXH3-128 with the default secret and seed 0, after its specification: slow, and independent of the reader's.

https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MX1, MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
MASK = (1 << 64) - 1


def u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def swap(value, size):
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def avalanche(value):
    value ^= value >> 37
    value = value * MX1 & MASK
    return value ^ value >> 32


def avalanche_64(value):
    value ^= value >> 33
    value = value * P64_2 & MASK
    value ^= value >> 29
    value = value * P64_3 & MASK
    return value ^ value >> 32


def fold(left, right):
    product = left * right
    return product & MASK ^ product >> 64


def xxh3(data):
    """16 bytes, most significant first."""
    low, high = halves(bytes(data))
    return (high << 64 | low).to_bytes(16, "big")


def halves(data):
    length = len(data)
    if length == 0:
        return tuple(avalanche_64(u64(SECRET, at) ^ u64(SECRET, at + 8)) for at in (64, 80))
    if length <= 3:
        combined = data[-1] | length << 8 | data[0] << 16 | data[length >> 1] << 24
        turned = swap(combined, 4)
        turned = (turned << 13 | turned >> 19) & 0xFFFFFFFF
        low = u32(SECRET, 0) ^ u32(SECRET, 4) ^ combined
        return avalanche_64(low), avalanche_64(u32(SECRET, 8) ^ u32(SECRET, 12) ^ turned)
    if length <= 8:
        combined = u32(data, 0) | u32(data, length - 4) << 32
        product = (u64(SECRET, 16) ^ u64(SECRET, 24) ^ combined) * (P64_1 + (length << 2))
        low = product & MASK
        high = (product >> 64) + (low << 1) & MASK
        low ^= high >> 3
        low ^= low >> 35
        low = low * MX2 & MASK
        return low ^ low >> 28, avalanche(high)
    if length <= 16:
        first, last = u64(data, 0), u64(data, length - 8)
        product = (u64(SECRET, 32) ^ u64(SECRET, 40) ^ first ^ last) * P64_1
        other = u64(SECRET, 48) ^ u64(SECRET, 56) ^ last
        low = (product & MASK) + (length - 1 << 54) & MASK
        high = (product >> 64) + (other >> 32 << 32) + (other & 0xFFFFFFFF) * P32_2 & MASK
        product = (low ^ swap(high, 8)) * P64_2
        high = (product >> 64) + high * P64_2 & MASK
        return avalanche(product & MASK), avalanche(high)
    if length <= 240:
        return medium(data)
    return long(data)


def mix(sums, data, first, second, secret):
    def step(at, secret):
        return fold(u64(data, at) ^ u64(SECRET, secret), u64(data, at + 8) ^ u64(SECRET, secret + 8))

    low = sums[0] + step(first, secret) ^ u64(data, second) + u64(data, second + 8) & MASK
    high = sums[1] + step(second, secret + 16) ^ u64(data, first) + u64(data, first + 8) & MASK
    return low & MASK, high & MASK


def medium(data):
    length = len(data)
    sums = (length * P64_1 & MASK, 0)
    if length <= 128:
        for place in range((length - 1) // 32, -1, -1):
            sums = mix(sums, data, 16 * place, length - 16 * (place + 1), 32 * place)
    else:
        for place in range(4):
            sums = mix(sums, data, 32 * place, 32 * place + 16, 32 * place)
        sums = tuple(map(avalanche, sums))
        for place in range(4, length // 32):
            sums = mix(sums, data, 32 * place, 32 * place + 16, 3 + 32 * (place - 4))
        sums = mix(sums, data, length - 16, length - 32, 136 - 17 - 16)
    low, high = sums
    mixed = low * P64_1 + high * P64_4 + length * P64_2 & MASK
    return avalanche(low + high & MASK), -avalanche(mixed) & MASK


def long(data):
    length = len(data)
    sums = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]

    def accumulate(at, secret):
        for lane in range(8):
            value = u64(data, at + 8 * lane)
            key = value ^ u64(SECRET, secret + 8 * lane)
            sums[lane ^ 1] = sums[lane ^ 1] + value & MASK
            sums[lane] = sums[lane] + (key & 0xFFFFFFFF) * (key >> 32) & MASK

    blocks = (length - 1) // 1024
    for block in range(blocks):
        for stripe in range(16):
            accumulate(1024 * block + 64 * stripe, 8 * stripe)
        for lane in range(8):
            value = sums[lane] ^ sums[lane] >> 47 ^ u64(SECRET, 128 + 8 * lane)
            sums[lane] = value * P32_1 & MASK
    for stripe in range((length - 1 - 1024 * blocks) // 64):
        accumulate(1024 * blocks + 64 * stripe, 8 * stripe)
    accumulate(length - 64, 192 - 64 - 7)

    def merge(secret, result):
        for pair in range(4):
            at = secret + 16 * pair
            result += fold(sums[2 * pair] ^ u64(SECRET, at), sums[2 * pair + 1] ^ u64(SECRET, at + 8))
        return avalanche(result & MASK)

    return merge(11, length * P64_1 & MASK), merge(192 - 64 - 11, ~(length * P64_2) & MASK)


assert xxh3(b"").hex() == "99aa06d3014798d86001c324468d497f"
