"""The two containers of SPZ: one gzip stream (version 3), or a table of Zstandard frames (version 4).

Layout: https://github.com/nianticlabs/spz. Nothing is unpacked beyond the size that the header's own count gives.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import accumulate, pairwise

from headsmith.asset.harmonics import BAND_SIZES
from headsmith_exporters import zstd
from headsmith_exporters.splats import bad_splats, check_count, check_size

MAGIC = b"NGSP"
_HEADER = struct.Struct("<4sIIBBBB")
_TABLE_OFFSET = struct.Struct("<I12x")
_TABLE_ENTRY = struct.Struct("<QQ")
_MAX_FRACTIONAL_BITS = 24
_MOST_PER_DEFLATED_BYTE = 1032
"""no byte of deflate unpacks to more (https://zlib.net/zlib_tech.html)"""
_ANTIALIASED = 1
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
"""deflate at its strongest, without a time or a system"""


@dataclass(frozen=True)
class SpzHeader:
    version: int
    count: int
    sh_degree: int
    fractional_bits: int
    flags: int = 0

    @property
    def stream_sizes(self) -> tuple[int, ...]:
        """Bytes of positions, opacities, colours, log scales, rotations and higher bands."""
        return tuple(size * self.count for size in (9, 1, 3, 3, 4, 3 * BAND_SIZES[self.sh_degree]))

    def pack(self, last_byte: int = 0) -> bytes:
        fields = (self.version, self.count, self.sh_degree, self.fractional_bits, self.flags, last_byte)
        return _HEADER.pack(MAGIC, *fields)


def write_gzip(header: SpzHeader, streams: tuple[bytes, ...]) -> bytes:
    """A file of version 3, the same bytes on every system."""
    content = header.pack() + b"".join(streams)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    # each attribute gets code tables of its own
    body = b"".join(deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH) for part in (header.pack(), *streams))
    body += deflate.flush()
    return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def write_zstd(header: SpzHeader, streams: tuple[bytes, ...]) -> bytes:
    """A file of version 4; streams without content are left out."""
    present = [stream for stream in streams if stream]
    frames = [zstd.compress(stream) for stream in present]
    table = [_TABLE_ENTRY.pack(len(frame), len(stream)) for frame, stream in zip(frames, present, strict=True)]
    start = header.pack(len(present)) + _TABLE_OFFSET.pack(_HEADER.size + _TABLE_OFFSET.size)
    return b"".join([start, *table, *frames])


def read_gzip(data: bytes, name: str) -> tuple[SpzHeader, tuple[bytes, ...]]:
    """Header and streams of a file of version 3. Raises InputError."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        header, _ = _parse(inflate.decompress(data, _HEADER.size), 3, name)
        size = sum(header.stream_sizes)
        if size > len(data) * _MOST_PER_DEFLATED_BYTE:
            raise bad_splats(name, f"{header.count} splats announced in {len(data)} bytes", "a whole .spz file")
        content = inflate.decompress(inflate.unconsumed_tail, size + 1)
    except zlib.error:
        raise bad_splats(name, "damaged gzip data", "a whole .spz file") from None
    if header.flags & ~_ANTIALIASED:
        # what vendors append stands behind the splats
        content = content[:size]
    elif len(content) == size and (not inflate.eof or inflate.unused_data):
        raise bad_splats(name, "no end of the gzip data, or more after it", "a whole .spz file")
    check_size(len(content), size, name)
    return header, tuple(content[a:b] for a, b in pairwise(accumulate(header.stream_sizes, initial=0)))


def read_zstd(data: bytes, name: str) -> tuple[SpzHeader, tuple[bytes, ...]]:
    """Header and streams of a file of version 4. Raises InputError."""
    header, announced = _parse(data[: _HEADER.size], 4, name)
    sizes = header.stream_sizes
    present = sum(size > 0 for size in sizes)
    if announced != present:
        raise bad_splats(name, f"{announced} streams", f"{present}")
    if len(data) < _HEADER.size + _TABLE_OFFSET.size:
        raise bad_splats(name, "a header that is cut off", "an .spz file")
    (table,) = _TABLE_OFFSET.unpack_from(data, _HEADER.size)
    place = table + present * _TABLE_ENTRY.size
    if table < _HEADER.size + _TABLE_OFFSET.size or place > len(data):
        raise bad_splats(name, "a table of streams outside the file", "an .spz file")
    entries = iter(_TABLE_ENTRY.iter_unpack(data[table:place]))
    streams = []
    for size in sizes:
        packed, unpacked = next(entries) if size else (0, 0)
        check_size(unpacked, size, name)
        if packed > len(data) - place:
            raise bad_splats(name, "a stream that is cut off", "a whole .spz file")
        stream = zstd.decompress(data[place : place + packed], size) if size else b""
        if stream is None:
            raise bad_splats(name, "damaged Zstandard data", "a whole .spz file")
        streams.append(stream)
        place += packed
    check_size(len(data), place, name, "bytes")
    return header, tuple(streams)


def _parse(start: bytes, version: int, name: str) -> tuple[SpzHeader, int]:
    """The header and its last byte, which version 4 gives a meaning."""
    if len(start) < _HEADER.size or start[:4] != MAGIC:
        raise bad_splats(name, "no 'NGSP' header", "an .spz file")
    _, found, count, degree, bits, flags, last = _HEADER.unpack(start)
    if found != version:
        raise bad_splats(name, f"SPZ version {found} in a file packed as version {version}", "version 3 or 4")
    check_count(count, name)
    if degree >= len(BAND_SIZES) or bits > _MAX_FRACTIONAL_BITS:
        raise bad_splats(name, f"SH degree {degree} and {bits} fractional bits",
                         f"degree 0 to 3 and at most {_MAX_FRACTIONAL_BITS} bits")  # fmt: skip
    return SpzHeader(version, count, degree, bits, flags), last
