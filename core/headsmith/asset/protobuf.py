"""Messages in protobuf's wire format, read with suspicion: nothing is allocated that the bytes do not hold.

Wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from headsmith.asset.damage import damaged
from headsmith.errors import InputError

MAX_FIELDS = 50_000
"""of one file"""
MAX_NAME_BYTES = 1_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass
class Reader:
    """What all messages of one file share: its name in error sentences and how many fields it may still have."""

    subject: str
    fields_left: int = MAX_FIELDS

    def wrong(self, found: str, expected: str = "a file that is whole") -> InputError:
        return damaged(self.subject, found, expected)

    def message(self, data: memoryview) -> Message:
        fields: dict[int, list[Field]] = {}
        position = 0
        while position < len(data):
            self.fields_left -= 1
            if self.fields_left < 0:
                raise self.wrong(f"more than {MAX_FIELDS} fields", "a small network")
            key, position = self.varint(data, position)
            value, position = self._value(data, position, key & 7)
            fields.setdefault(key >> 3, []).append(Field(value, self))
        return Message(fields, self)

    def varint(self, data: memoryview, position: int) -> tuple[int, int]:
        """An unsigned number of up to 64 bits, and where it ends."""
        value = 0
        for shift in range(0, 70, 7):
            if position >= len(data):
                raise self.wrong("a number that is cut short")
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & (2**64 - 1), position
        raise self.wrong("a number of more than 64 bits")

    def _value(self, data: memoryview, position: int, wire: int) -> tuple[int | memoryview, int]:
        if wire == _VARINT:
            return self.varint(data, position)
        if wire == _BYTES:
            size, position = self.varint(data, position)
        elif wire in (_FIXED32, _FIXED64):
            size = 4 if wire == _FIXED32 else 8
        else:
            raise self.wrong(f"a field of wire type {wire}")
        if size > len(data) - position:
            raise self.wrong("a field that is cut short")
        return data[position : position + size], position + size


@dataclass(frozen=True)
class Field:
    value: int | memoryview
    reader: Reader

    def integer(self) -> int:
        if not isinstance(self.value, int):
            raise self.reader.wrong("bytes in place of a number")
        return self.value - 2**64 if self.value >> 63 else self.value

    def integers(self) -> Iterator[int]:
        """Packed, or one of those that stand alone."""
        if isinstance(self.value, int):
            yield self.integer()
            return
        position = 0
        while position < len(self.value):
            number, position = self.reader.varint(self.value, position)
            yield number - 2**64 if number >> 63 else number

    def data(self) -> memoryview:
        if isinstance(self.value, int):
            raise self.reader.wrong("a number in place of bytes")
        return self.value

    def text(self) -> str:
        try:
            return str(self.data()[:MAX_NAME_BYTES], "utf-8")
        except UnicodeDecodeError as error:
            raise self.reader.wrong("a name that is no text") from error

    def real(self) -> float:
        data = self.data()
        if len(data) != 4 or not math.isfinite(value := float(np.frombuffer(data, "<f4")[0])):
            raise self.reader.wrong("a number that is not finite")
        return value

    def message(self) -> Message:
        return self.reader.message(self.data())


@dataclass(frozen=True)
class Message:
    fields: Mapping[int, list[Field]]
    reader: Reader

    def all(self, number: int) -> list[Field]:
        return self.fields.get(number, [])

    def has(self, number: int) -> bool:
        return number in self.fields

    def one(self, number: int) -> Field:
        found = self.all(number)
        if len(found) != 1:
            raise self.reader.wrong(f"{len(found)} times a field that stands once")
        return found[0]

    def integer(self, number: int, default: int = 0) -> int:
        return self.one(number).integer() if self.has(number) else default

    def integers(self, number: int, most: int) -> tuple[int, ...]:
        out: list[int] = []
        for field in self.all(number):
            for value in field.integers():
                out.append(value)
                if len(out) > most:
                    raise self.reader.wrong(f"a list of more than {most} numbers", "a short one")
        return tuple(out)

    def text(self, number: int) -> str:
        return self.one(number).text() if self.has(number) else ""
