"""Bodies made to keep a reader busy: each of about the size asked for, once it is decompressed."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping

Make = Callable[[int], bytes]

INTAKE = "/api/v1/intake/"
ALERT = {
    "labels": {"alertname": "Busy", "instance": "db-1:9100", "job": "node", "team": "storage"},
    "annotations": {"summary": "The processor is 97 % busy", "description": "Look at it. " * 20},
    "startsAt": "2026-01-01T12:00:00Z",
    "generatorURL": "http://prometheus.example.net:9090/graph?g0.expr=busy",
}


def plain(size: int) -> bytes:
    """What Prometheus sends, of that size."""
    alert = json.dumps(ALERT).encode()
    alerts = [
        alert.replace(b"db-1", b"db-%d" % number) for number in range(size // (len(alert) + 2))
    ]
    return b"[" + b",".join(alerts) + b"]"


def filled(before: bytes, piece: bytes, after: bytes, last: bytes = b"") -> Make:
    """*piece* again and again between the two; *last* once at its end."""
    return lambda size: before + piece * (size // len(piece)) + last + after


def keyed(before: bytes, value: bytes, after: bytes) -> Make:
    """An object of many small members, each with its own name."""

    def make(size: int) -> bytes:
        count = size // (len(value) + 11)
        return before + b",".join(b'"k%06d":%b' % (n, value) for n in range(count)) + after

    return make


def nested(before: bytes, levels: int, after: bytes) -> Make:
    """Lists in lists, again and again, just as deep as is allowed."""
    tower = b"[" * levels + b"]" * levels
    return filled(before, tower + b",", after, tower)


LONE = rb"\ud800"
DEEP = {
    "open lists": filled(b"", b"[", b""),
    "open objects": filled(b"", b'{"a":', b""),
    "lists closed again": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "towers of lists": nested(b'[{"labels":{"a":"b"},"x":[', 28, b"]}]"),
    "deep annotations": lambda size: (
        b'[{"labels":{"a":"b"},"annotations":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}]"
    ),
}
STRINGS = {
    "lone surrogates": filled(b'[{"labels":{"a":"', LONE, b'"}}]'),
    "lone surrogates among pairs": filled(b'[{"labels":{"a":"', rb"\ud83d\ude00\udc00", b'"}}]'),
    "many alerts with a lone surrogate": filled(
        b"[", rb'{"labels":{"a":"\ud800"}},', b"]", b'{"labels":{"a":"b"}}'
    ),
    "escaped backslashes": filled(b'[{"labels":{"a":"\\ud800', rb"\\", b'"}}]'),
    "escaped quotes": filled(b'[{"labels":{"a":"\\ud800', rb"\"", b'"}}]'),
    "quotes": filled(b"", b'"', b""),
    "empty strings": filled(b'[{"labels":null,"x":[', b'"",', b"]}]", b'""'),
    "escapes of letters": filled(b'[{"labels":{"a":"', rb"\u0041", b'"}}]'),
    "blanks": filled(b"[", b" \t\r\n", b"]"),
    "not ASCII, and not UTF-8 at the end": filled(b'["', "é".encode(), b'\xff"]'),
    "control characters at the end": filled(b'["', b"x", b'\x00"]'),
    "a long start": filled(b'[{"labels":{"a":"b"},"startsAt":"', b"2026-01-01T", b'"}]'),
    "a long status": filled(b'[{"labels":{"a":"b"},"status":"', b"firing", b'"}]'),
}
NUMBERS = {
    "a long number": filled(b'[{"labels":{"a":', b"9", b"}}]"),
    "a long fraction": filled(b'[{"labels":{"a":1.', b"9", b"}}]"),
    "a long hash": filled(b'[{"hash":', b"9", b',"tags":["a=b"],"trigger_time":1}]'),
    "a long time": filled(b'[{"hash":"a","tags":["a=b"],"trigger_time":', b"9", b"}]"),
    "long counts": filled(b'{"alerts":[],"truncatedAlerts":', b"9", b"}"),
}
CROWDS = {
    "numbers": filled(b"[", b"0,", b"]", b"0"),
    "empty objects": filled(b"[", b"{},", b"]", b"{}"),
    "empty lists": filled(b"[", b"[],", b"]", b"[]"),
    "empty texts": filled(b"[", b'"",', b"]", b'""'),
    "alerts without labels": filled(b"[", b'{"labels":{}},', b"]", b'{"labels":{}}'),
    "the smallest alerts": filled(b"[", b'{"labels":{"":"x"}},', b"]", b'{"labels":{"a":"b"}}'),
    "events without tags": filled(b"[", b'{"hash":1},', b"]", b'{"hash":1}'),
    "bad after good": lambda size: plain(size)[:-1] + b",7]",
}
MEMBERS = {
    "labels": keyed(b'[{"labels":{', b'"x"', b"}}]"),
    "labels that are numbers": keyed(b'[{"labels":{', b"1", b"}}]"),
    "annotations": keyed(b'[{"labels":{"a":"b"},"annotations":{', b"1", b"}}]"),
    "unknown fields": keyed(b"[{", b"1", b',"labels":{"a":"b"}}]'),
    "tags": filled(b'[{"hash":"a","trigger_time":1,"tags":[', b'"a=b",', b"]}]", b'"a=b"'),
    "the same key": filled(b'[{"labels":{"a":"b",', b'"a":1,', b"}}]", b'"a":"c"'),
    "the same field": filled(b"[{", b'"labels":{},', b"}]", b'"labels":{"a":"b"}'),
    "a huge key": filled(b'[{"labels":{"', b"~/", b'":[]}}]'),
    "label sets just small enough": lambda size: keyed_sets(size, 60_000),
}


def keyed_sets(size: int, each: int) -> bytes:
    """Alerts of many labels."""
    alert = keyed(b'{"labels":{', b"1", b"}}")(each)
    return b"[" + b",".join([alert] * (size // len(alert))) + b"]"


GROUPS = {
    "group: empty alerts": filled(b'{"alerts":[', b"{},", b"]}", b"{}"),
    "group: numbers": filled(b'{"alerts":[', b"0,", b"]}", b"0"),
    "group: bad states": filled(b'{"alerts":[', b'{"status":1},', b"]}", b"{}"),
    "group: many lists": filled(b'{"alerts":[],', b'"alerts":[],', b"}", b'"alerts":null'),
}
SHARED = {
    "shared: many labels for few alerts": lambda size: (
        keyed(b'{"labels":{', b"1", b"},")(40_000)
        + b'"alerts":['
        + b",".join([b"{}"] * 700)
        + b"]}"
    ),
    "shared: one label for many alerts": filled(
        b'{"labels":{"a":"b"},"alerts":[', b"{},", b"]}", b"{}"
    ),
}
LISTS = DEEP | STRINGS | NUMBERS | CROWDS | MEMBERS
SHAPED: Mapping[str, Make] = {
    "mapped: many tags": filled(b'[{"name":"a","tags":[', b"{},", b"]}]", b"{}"),
    "mapped: many numbers": filled(b'[{"name":"a","tags":[', b"0,", b"]}]", b"0"),
    "mapped: many items": filled(b"[", b'{"name":1},', b"]", b'{"name":1}'),
    "mapped: large items": lambda size: (
        b"[" + b",".join([b'{"name":"a","tags":[%b0]}' % (b"0," * 9_000)] * (size // 18_024)) + b"]"
    ),
    "mapped: numbers beyond any machine": filled(b'[{"name":"a","tags":[', b"1e999,", b"]}]", b"0"),
}

FORMS: Mapping[str, tuple[str, Make]] = {
    "a text that quotes an error": (
        "/api/v1/tickets",
        filled(b'{"title":"x","priority":"', b"unknown field `", b'"}'),
    ),
    "a field that quotes a place": ("/api/v1/tickets", filled(b'{"', b" - at `$", b'":1}')),
    "a form of NULs": ("/api/v1/tickets", filled(b'{"title":"', rb"\u0000", b'"}')),
    "a form of surrogates": ("/api/v1/tickets", filled(b'{"title":"', LONE, b'"}')),
    "labels of a ticket": ("/api/v1/tickets", keyed(b'{"title":"x","labels":{', b'""', b"}}")),
    "a deep form": ("/api/v1/tickets", filled(b'{"title":', b"[", b"}")),
    "matchers": ("/api/v1/silences/preview", filled(b'{"matchers":"', b"a=b,", b'"}')),
    "matchers in quotes": (
        "/api/v1/silences/preview",
        filled(b'{"matchers":"', rb"a=\"\\\\\",", b'"}'),
    ),
    "matchers that never end": (
        "/api/v1/silences/preview",
        filled(b'{"matchers":"a=', b"{", b'"}'),
    ),
}


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, 6)


def members_of_gzip(size: int) -> bytes:
    """Nothing, compressed again and again."""
    return gzip.compress(b"") * (size // 20)


def bomb(size: int) -> bytes:
    """A thousand times its size."""
    deflating = zlib.compressobj(9, wbits=31)
    return deflating.compress(b" " * 64 * size) + deflating.flush()
