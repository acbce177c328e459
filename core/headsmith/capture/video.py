"""Video files -> clips whose frames can be read by number, upright and in sRGB; memory does not grow with length.

A frame is known by its timestamp, so that it is the same one whether it is reached by playing or by seeking. What is
shown from a key picture on can be decoded from there, also where pictures are stored out of order (ISO/IEC 14496-10,
recovery points; ISO/IEC 23008-2, clean random access: leading pictures belong to the group before).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np

from headsmith.capture.clip_color import is_wide, to_srgb
from headsmith.capture.clip_file import CLIP_SENTENCE, check_file, not_a_clip, sha256_of, still_picture
from headsmith.capture.clip_focal import clip_focal_px
from headsmith.capture.clip_index import (
    FrameIndex,
    Unit,
    counted_index,
    frames_per_second,
    index_units,
    seconds_from_first,
)
from headsmith.capture.clip_shape import (
    NO_TURN,
    Turn,
    first_field,
    resized,
    square_size,
    turn_of,
    turn_picture,
    turned_size,
)
from headsmith.errors import InputError
from headsmith.types import U8, Camera, ClipInfo, Frame

# playlists and streams, which FFmpeg would follow to other files and hosts, are not among them
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,gif,mxf,h264,hevc,m4v,ivf,nut"
MAX_PIXELS = 7680 * 4320
MIN_SIDE_PX = 64
MAX_FRAMES = 200_000
FALLBACK_FPS = 30.0
# a nearer key picture is not worth emptying the decoder for
WORTH_SEEKING_FRAMES = 8

NO_TIME = -(2**63)
MATRIX_BT709, MATRIX_BT601 = 1, 5
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
"""matrix coefficients of ISO/IEC 23091-2 -> swscale's"""
RANGE_LIMITED, RANGE_FULL = 1, 2
# bicubic, full chroma interpolation both ways, accurate rounding (libswscale/swscale.h)
CAREFULLY = 4 | 8192 | 16384 | 262144


@dataclass(frozen=True)
class Clip:
    """An open clip (`types.FrameReader`); may be pickled."""

    path: Path
    info: ClipInfo
    index: FrameIndex
    coded: Coded

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames of those numbers, one after the other; quickest in increasing order. A frame that is damaged in
        the file shows the picture before it, as players do."""
        with closing(_Player(self)) as player:
            for number in indices:
                if not 0 <= number < len(self.info.timestamps_s):
                    raise ValueError(f"{self.info.source} has no frame {number}")
                yield self._frame(int(number), player.picture(int(number)))

    def _frame(self, number: int, picture: av.VideoFrame) -> Frame:
        info, size = self.info, self.info.size_px
        camera = Camera(info.focal_px, (size[0] / 2, size[1] / 2), size, np.eye(4, dtype=np.float32))
        image = turn_picture(resized(_rgb(picture), self.coded.square_px), self.coded.turn)
        return Frame(image, camera, info.source, info.sha256, timestamp_s=float(info.timestamps_s[number]))


@dataclass(frozen=True)
class Coded:
    """How the pictures lie in the file."""

    square_px: tuple[int, int]
    """width and height with square pixels, before turning"""
    turn: Turn


def open_clip(path: Path) -> Clip:
    """Reads the file once for its contents, but decodes only its first picture (all of them where the file does not
    tell when they are shown). Raises InputError for whatever is not a clip."""
    check_file(path)
    sha256 = sha256_of(path)
    with _opened(path) as container:
        stream = _video_stream(container, path)
        metadata = {**container.metadata, **stream.metadata}
        unit_s, fps = float(stream.time_base or 0), float(stream.average_rate or FALLBACK_FPS)
        aspect = float(stream.sample_aspect_ratio or 1)
        index = index_units(list(_units(container, stream)))
    if index is not None and len(index.shown):
        first, shown = next(_all_pictures(path), None), index.shown.tolist()
    else:
        index = counted_index()
        first, shown = _count(path)
    if first is None:
        raise _damaged(path)
    _check_length(path, len(shown))
    times = seconds_from_first(shown, unit_s, fps)
    coded = Coded(square_size((first.width, first.height), aspect), _turn(first))
    size = turned_size(coded.square_px, coded.turn)
    info = ClipInfo(path.name, sha256, size, frames_per_second(times), times, clip_focal_px(metadata, size))
    return Clip(path, info, index, coded)


class _Player:
    """Decodes forward from where it is, or from the key picture nearest before what is asked for."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._following: tuple[int, av.VideoFrame] | None = None
        self._shown: av.VideoFrame | None = None
        self._position = -1
        self._reopen()
        self._pictures = self._numbered(-1)

    def close(self) -> None:
        self._container.close()

    def _reopen(self) -> None:
        self._container = _open(self._clip.path)
        self._stream = _video_stream(self._container, self._clip.path)

    def picture(self, number: int) -> av.VideoFrame:
        key = self._clip.index.key_before(number)
        far = self._clip.index.number_of_key(key) > self._position + WORTH_SEEKING_FRAMES
        if number < self._position or far:
            self._play(key)
        found = self._advance(number)
        if found is None and key >= 0:
            # the damage reaches back to the key picture
            self._play(-1)
            found = self._advance(number)
        if found is None:
            raise _damaged(self._clip.path)
        return found

    def _advance(self, number: int) -> av.VideoFrame | None:
        """The picture shown at that number; None where nothing up to it could be decoded."""
        while self._position < number and (following := self._peek()) and following[0] <= number:
            self._position, self._shown = following
            self._following = None
        return self._shown

    def _peek(self) -> tuple[int, av.VideoFrame] | None:
        if self._following is None:
            self._following = next(self._pictures, None)
        return self._following

    def _play(self, key: int) -> None:
        """From that key picture on; -1 is the start."""
        self._following, self._shown, self._position = None, None, -1
        self._pictures = self._numbered(key)

    def _numbered(self, key: int) -> Iterator[tuple[int, av.VideoFrame]]:
        index = self._clip.index
        packets, earliest = self._packets(key)
        for count, picture in enumerate(_decoded(packets)):
            if not len(index.shown):
                yield count, picture
            elif picture.pts is not None and picture.pts >= earliest:
                number = index.number_of(picture.pts)
                if number is not None:
                    yield number, picture

    def _packets(self, key: int) -> tuple[Iterator[Any], int]:
        """Packets from that key picture or an earlier one on, and the time before which pictures lack what they refer
        to."""
        index = self._clip.index
        for earlier in range(key, -1, -1):
            self._container.seek(int(index.keys_stored[earlier]), stream=self._stream)
            packets = self._container.demux(self._stream)
            first = next(packets, None)
            if first is not None and first.is_keyframe and first.pts is not None and first.pts <= index.keys_shown[key]:
                return chain([first], packets), first.pts
        self.close()
        self._reopen()
        return self._container.demux(self._stream), NO_TIME


def _open(path: Path) -> Any:
    """An av container. Raises InputError."""
    try:
        # "file:" keeps names like concat:... from being taken for a protocol
        return av.open(f"file:{path.absolute()}", options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
                       metadata_errors="replace")  # fmt: skip
    except (av.error.FFmpegError, ValueError) as error:
        raise not_a_clip(path) from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    container = _open(path)
    try:
        yield container
    finally:
        container.close()


def _video_stream(container: Any, path: Path) -> Any:
    """The main pictures, ready to be decoded; covers of music are none. Raises InputError."""
    cover = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & cover and s.codec_context is not None]
    if not streams:
        raise InputError(path, found="a file without pictures (sound only, or a coding that cannot be read)",
                         expected=CLIP_SENTENCE, action="give the clip itself, as H.264 or HEVC")  # fmt: skip
    stream = max(streams, key=lambda s: (s.codec_context.width or 0) * (s.codec_context.height or 0))
    _check_size(path, stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.codec_context.thread_type = "AUTO"
    return stream


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InputError(path, found=f"a clip of {width} x {height} px", expected="at most 8K (7680 x 4320 px)",
                         action="scale it down")  # fmt: skip
    if min(width, height) < MIN_SIDE_PX:
        raise InputError(path, found=f"a clip of {width} x {height} px", expected=f"at least {MIN_SIDE_PX} px a side",
                         action="give the clip at its full size")  # fmt: skip


def _check_length(path: Path, frames: int) -> None:
    if frames < 2:
        raise still_picture(path)
    if frames > MAX_FRAMES:
        raise InputError(path, found=f"a clip of {frames} frames", expected=f"at most {MAX_FRAMES}",
                         action="cut the part out that shows the head")  # fmt: skip


def _damaged(path: Path) -> InputError:
    return InputError(path, found="a damaged clip, of which no picture can be decoded", expected="a whole file",
                      action="copy it again from the camera")  # fmt: skip


def _units(container: Any, stream: Any) -> Iterator[Unit]:
    """Every compressed picture of the stream; a file that breaks off ends there."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield Unit(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard, packet.is_corrupt)
    except av.error.FFmpegError:
        return


def _decoded(packets: Iterator[Any]) -> Iterator[av.VideoFrame]:
    """Pictures in the order of time; what cannot be decoded is left out."""
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue


def _all_pictures(path: Path) -> Iterator[av.VideoFrame]:
    with _opened(path) as container:
        yield from _decoded(container.demux(_video_stream(container, path)))


def _count(path: Path) -> tuple[av.VideoFrame | None, list[int | None]]:
    """The first picture, and the timestamps of all, by decoding them."""
    first, shown = None, []
    for picture in _all_pictures(path):
        first = first or picture
        shown.append(picture.pts)
    return first, shown


def _turn(picture: av.VideoFrame) -> Turn:
    matrix: Any = picture.side_data.get("DISPLAYMATRIX")
    return NO_TURN if matrix is None else turn_of(bytes(matrix))


def _rgb(picture: av.VideoFrame) -> U8:
    """[H, W, 3] sRGB as coded: neither square nor turned."""
    wide = is_wide(int(picture.color_trc), int(picture.color_primaries))
    whole: Any = picture.reformat(
        format="rgb48le" if wide else "rgb24",
        src_colorspace=_matrix(picture),
        src_color_range=_range(picture),
        dst_color_range=RANGE_FULL,
        interpolation=CAREFULLY,
    ).to_ndarray()
    image = to_srgb(whole, int(picture.color_trc)) if wide else whole
    return first_field(image) if picture.interlaced_frame else image


def _matrix(picture: av.VideoFrame) -> int:
    """Where the file does not say, as players do: high definition is BT.709, the rest BT.601."""
    large = picture.width >= 1280 or picture.height > 576
    return MATRICES.get(int(picture.colorspace), MATRIX_BT709 if large else MATRIX_BT601)


def _range(picture: av.VideoFrame) -> int:
    full = picture.format.name.startswith("yuvj") or int(picture.color_range) == RANGE_FULL
    return RANGE_FULL if full else RANGE_LIMITED
