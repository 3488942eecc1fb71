"""Requests that no honest client sends: each a few bytes for the wire, told apart by name.

What is `whole` is a request as HTTP frames it and must be answered; the others may be left without one, as long as the
connection ends.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.support.hostile_hooks import FORMS, NESTED
from tests.support.hostile_parts import BODIES, DOORS, KINDS, METHODS, ODD_HEADERS, PATHS, STRANGE_TEXTS, VALUES
from tests.support.hostile_raw import unframed

Headers = Sequence[tuple[str, bytes | str]]
Sign = Callable[[bytes], dict[str, str]]
JSON_KIND = ("Content-Type", "application/json")
FORM_KIND = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Hook:
    """A webhook.

    Attributes:
        channel: whose it is.
        sign: the headers that prove a body to be the platform's own.
    """

    channel: str
    path: str
    sign: Sign


@dataclass(frozen=True)
class Target:
    """What a request has to fit.

    Attributes:
        host: value of the Host header.
        cookie: of a good session.
        hooks: the webhooks that are open.
        portal: origin of a page that may embed the chat.
    """

    host: str
    cookie: str
    hooks: tuple[Hook, ...] = ()
    portal: str = "https://portal.example"


@dataclass(frozen=True)
class Shot:
    """One request.

    Attributes:
        head: request line and headers, without the empty line after them.
        whole: an answer is due.
        sign: gives the headers that prove the body, whatever became of it.
    """

    name: str
    head: bytes
    body: bytes = b""
    whole: bool = True
    sign: Sign | None = None

    @property
    def data(self) -> bytes:
        """All of it."""
        signs = self.sign(self.body) if self.sign else {}
        signed = "".join(f"\r\n{name}: {value}" for name, value in signs.items())
        return self.head + signed.encode() + b"\r\n\r\n" + self.body


def shot(
    name: str,
    method: str,
    path: bytes | str,
    target: Target,
    *,
    body: bytes | str = b"",
    headers: Headers = (),
    session: bool = True,
    version: str = "HTTP/1.1",
) -> Shot:
    """A request framed as it should be, whatever is in it."""
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    line = b" ".join((method.encode("latin-1"), path if isinstance(path, bytes) else path.encode(), version.encode()))
    given: list[tuple[str, bytes | str]] = [("Host", target.host), *headers]
    if session:
        given.append(("Cookie", target.cookie))
    if content or method not in {"GET", "HEAD"}:
        given.append(("Content-Length", str(len(content))))
    lines = [f"{name}: ".encode() + (value if isinstance(value, bytes) else value.encode()) for name, value in given]
    return Shot(name, b"\r\n".join([line, *lines]), content)


def corpus(target: Target) -> list[Shot]:
    """All of them, in a fixed order."""
    return [
        *_whole(target),
        *(Shot(f"raw {name}", head, body, whole=False) for name, head, body in unframed(target.host, target.cookie)),
    ]


def _whole(target: Target) -> Iterator[Shot]:
    for number, text in enumerate(STRANGE_TEXTS):
        yield _message(f"text {number}", f'{{"id":"t{number}","text":{text}}}', target)
    for number, value in enumerate(VALUES):
        for key in ("id", "text", "button", "location"):
            body = f'{{"id":"v{number}","{key}":{value}}}' if key != "id" else f'{{"id":{value},"text":"x"}}'
            yield _message(f"value {number} as {key}", body, target)
        place = f'{{"id":"l{number}","location":{{"lat":{value},"lon":{value}}}}}'
        yield _message(f"value {number} as a place", place, target)
    for number, content in enumerate(BODIES):
        for path in ("/api/messages", "/api/session", "/api/attachments", "/t", "/to-cao"):
            kind = JSON_KIND if path == "/api/messages" else FORM_KIND
            yield shot(f"body {number} to {path}", "POST", path, target, body=content, headers=[kind])
    for number, path in enumerate(PATHS):
        yield shot(f"path {number}", "GET", path, target)
    for method in METHODS:
        for path in DOORS:
            yield shot(f"{method} {path}", method, path, target)
    for number, kind_text in enumerate(KINDS):
        for path in ("/api/messages", "/api/attachments", "/to-cao", "/t/MC-7K3Q9D/add"):
            given = [("Content-Type", kind_text)]
            yield shot(f"kind {number} to {path}", "POST", path, target, body=b'{"id":"1"}', headers=given)
    for number, header in enumerate(ODD_HEADERS):
        for method, path in (
            ("GET", "/"),
            ("GET", "/static/chat.js"),
            ("GET", "/api/history"),
            ("POST", "/api/session"),
        ):
            yield shot(f"header {number} {header[0]} {path}", method, path, target, headers=[header], session=False)
        body = f'{{"id":"h{number}","text":"x"}}'
        yield shot(f"header {number} message", "POST", "/api/messages", target, body=body, headers=[JSON_KIND, header])
    yield from _forms(target)
    yield from _origins(target)
    yield from _hooks(target)


def _message(name: str, body: str, target: Target) -> Shot:
    return shot(name, "POST", "/api/messages", target, body=body, headers=[JSON_KIND])


def _forms(target: Target) -> Iterator[Shot]:
    field = b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\nf1\r\n'
    parts = (
        b"",
        b"--x--",
        b"--x",
        b"--x\r\n\r\n\r\n--x--",
        b"--x\r\n" * 4000,
        field,
        field * 60 + b"--x--\r\n",
        field
        + b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n\xff\xd8\xff\r\n--x--\r\n',
        field
        + b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../a\x00.exe"\r\n\r\nMZ\r\n--x--\r\n',
        field
        + b"--x\r\nContent-Disposition: form-data; name=\"files\"; filename*=utf-8''%ff%00\r\n\r\n%PDF-1\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
        b"--x\r\nContent-Disposition: \x00\r\n\r\na\r\n--x--",
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\na\r\n--y--\r\n--x--",
        b"--x\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n" * 300,
        b'--x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name="id"\r\n\r\n!\r\n--x--',
        b'--x\r\nContent-Length: -1\r\nContent-Disposition: form-data; name="id"\r\n\r\na\r\n--x--',
        b'--x\r\nContent-Length: 99999999\r\nContent-Disposition: form-data; name="id"\r\n\r\na\r\n--x--',
        b"--x\r\n" + b"A: " + b"b" * 9000 + b"\r\n\r\n\r\n--x--",
        b"--x\r\n" + b"a: b\r\n" * 3000 + b"\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"a" * 150_000 + b"\r\n--x--\r\n",
        b'--x\r\nContent-Encoding: gzip\r\nContent-Disposition: form-data; name="id"\r\n\r\na\r\n--x--',
    )
    for number, body in enumerate(parts):
        for path in ("/api/attachments", "/to-cao", "/t", "/t/MC-7K3Q9D/add"):
            kind = [("Content-Type", "multipart/form-data; boundary=x")]
            yield shot(f"multipart {number} to {path}", "POST", path, target, body=body, headers=kind)
    fields = (
        "token=a&code=MC-7K3Q9D&pin=1234",
        "token=%00&code=%ff&pin=%d9%a3",
        "a=1&" * 60,
        "&" * 5000,
        "%" * 5000,
        "code=" + "A" * 100_000,
        "=",
        "token=" + "0" * 32 + ".1." + "A" * 43,
        "pin=\ud800",
        "kept_text=" + "a" * 9000,
    )
    for number, text in enumerate(fields):
        for path in ("/t", "/to-cao", "/t/MC-7K3Q9D/rate", "/t/MC-7K3Q9D/reopen"):
            yield shot(f"fields {number} to {path}", "POST", path, target, body=text, headers=[FORM_KIND])


def _origins(target: Target) -> Iterator[Shot]:
    """Pages of other origins that ask before they send, and that send."""
    for origin in (target.portal, target.portal.upper(), "https://evil.example", f"{target.portal}.evil.example", ""):
        given = [("Origin", origin)]
        for path in ("/embed.js", "/api/session", "/api/messages", "/api/stream", "/api/attachments", "/t", "/to-cao"):
            for wanted in ("POST", "GET", "DELETE", "post", "", "POST, GET", "\x01"):
                asked = [*given, ("Access-Control-Request-Method", wanted), ("Access-Control-Request-Headers", "*,x")]
                yield shot(f"{origin} asks {path} {wanted}", "OPTIONS", path, target, headers=asked, session=False)
        for number, path in enumerate(("/api/session", "/api/messages", "/api/attachments", "/t", "/hooks/telegram")):
            body = f'{{"id":"o{number}","text":"x"}}'
            yield shot(f"{origin} posts to {path}", "POST", path, target, body=body, headers=[JSON_KIND, *given])
        for path in ("/embed.js", "/static/chat.js", "/api/history", "/"):
            yield shot(f"{origin} gets {path}", "GET", path, target, headers=given)


def _hooks(target: Target) -> Iterator[Shot]:
    values = (*VALUES, *STRANGE_TEXTS, *NESTED)
    for hook in target.hooks:
        bodies = [(f"body {number}", content) for number, content in enumerate(BODIES)]
        for form in FORMS[hook.channel]:
            bodies += [
                (f"{form[:80]} {number}", form.replace("%s", value).encode("utf-8", "surrogatepass"))
                for number, value in enumerate(values)
            ]
        for name, body in bodies:
            yield replace(_event(hook, name, body, target), sign=hook.sign)
        # What proves nothing is refused before it is read: a few of these are enough.
        for name, body in bodies[:: len(bodies) // 40]:
            yield replace(_event(hook, f"{name}, signature of another", body, target), sign=_of_another(hook))
            yield replace(_event(hook, f"{name}, signature wrong", body, target), sign=_wrong(hook))
            yield _event(hook, f"{name}, no signature", body, target)


def _event(hook: Hook, name: str, body: bytes, target: Target) -> Shot:
    return shot(f"{hook.path} {name}", "POST", hook.path, target, body=body, headers=[JSON_KIND], session=False)


def _of_another(hook: Hook) -> Sign:
    return lambda body: hook.sign(body + b" ")


def _wrong(hook: Hook) -> Sign:
    return lambda body: dict.fromkeys(hook.sign(body), "wrong")


_INTERESTING = (
    b"\x00",
    b"\xff",
    b"%",
    b"'",
    b'"',
    b"<",
    b"\\",
    b"{",
    b"[",
    b"\xed\xa0\x80",
    b"9" * 30,
    b"A" * 500,
    b"..",
    b"\xcc\x81",
)
_LENGTH = re.compile(rb"Content-Length: [0-9]+")
_ID = re.compile(rb'"(?:msg_id|message_id)":"|"update_id":(?=[0-9])|^\{"id":"')


def fresh(origin: Shot, number: int) -> Shot:
    """The same, its messages with an id that was not used before."""
    if not origin.whole:
        return origin
    return _with(origin, origin.head, _ID.sub(rb"\g<0>%d" % number, origin.body, count=1))


def mutated(origin: Shot, chance: random.Random) -> Shot:
    """One like it with a few bytes changed; its framing stays right when it was."""
    if not origin.whole or chance.random() < 0.1:
        return replace(origin, head=_changed(origin.head, chance), body=_changed(origin.body, chance), whole=False)
    body = _changed(origin.body, chance) if origin.body else b""
    line, separator, rest = origin.head.partition(b"\r\n")
    method, _, path = line.removesuffix(b" HTTP/1.1").partition(b" ")
    if not body or chance.random() < 0.3:
        path = _plain(_changed(path, chance))[:8000] or b"/"
    head = b" ".join((method, path, b"HTTP/1.1")) + separator + rest
    return _with(origin, head, body)


def _with(origin: Shot, head: bytes, body: bytes) -> Shot:
    return replace(origin, head=_LENGTH.sub(b"Content-Length: %d" % len(body), head), body=body)


def _changed(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(changed))
        match chance.randrange(4):
            case 0:
                changed[at:at] = chance.choice(_INTERESTING)
            case 1:
                del changed[at : at + chance.randint(1, 40)]
            case 2:
                changed[at : at + 1] = chance.randbytes(1)
            case _:
                changed[at:at] = changed[at : at + chance.randint(1, 200)]
    return bytes(changed[:400_000])


def _plain(path: bytes) -> bytes:
    return b"".join(bytes((byte,)) for byte in path if byte > 32 and byte != 127)
