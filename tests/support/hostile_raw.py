"""Requests that HTTP does not frame so, or that two readers would frame differently (smuggling)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def unframed(host: str, cookie: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Each with its name, what stands before the first empty line, and what follows it.

    Args:
        host: value of the Host header.
        cookie: of a good session.
    """
    host = f"Host: {host}"
    post = f"POST /api/messages HTTP/1.1\r\n{host}\r\nCookie: {cookie}\r\nContent-Type: application/json"
    raw: Iterable[tuple[str, str | bytes, bytes]] = (
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
        ("nothing", b"", b""),
        ("garbage", b"\xff" * 4000, b""),
        ("http 0.9", "GET /", b""),
        ("http 1.0", "GET / HTTP/1.0", b""),
        ("http 1.0 kept", "GET / HTTP/1.0\r\nConnection: keep-alive", b""),
        ("http 2 preface", "PRI * HTTP/2.0", b"SM\r\n\r\n"),
        ("http 9", f"GET / HTTP/9.9\r\n{host}", b""),
        ("no host", "GET / HTTP/1.1", b""),
        ("two hosts", f"GET / HTTP/1.1\r\n{host}\r\nHost: evil.example", b""),
        ("long line", "GET /" + "a" * 20_000 + " HTTP/1.1", b""),
        ("spaces", f"GET  /   HTTP/1.1 \r\n{host}", b""),
        ("tabs", f"GET\t/\tHTTP/1.1\r\n{host}", b""),
        ("bare lf", "GET / HTTP/1.1\nHost: x\n\n", b""),
        ("folded", f"GET / HTTP/1.1\r\n{host}\r\nX: a\r\n b\r\n\tc", b""),
        ("no colon", f"GET / HTTP/1.1\r\n{host}\r\nnonsense", b""),
        ("space before colon", f"GET / HTTP/1.1\r\n{host}\r\nContent-Length : 5", b"abcde"),
        ("nul in header", f"GET / HTTP/1.1\r\n{host}\r\nX: \0", b""),
        ("many headers", f"GET / HTTP/1.1\r\n{host}\r\n" + "\r\n".join(f"X-{n}: y" for n in range(3000)), b""),
        ("big headers", f"GET / HTTP/1.1\r\n{host}\r\n" + "\r\n".join(f"X-{n}: {'y' * 8000}" for n in range(120)), b""),
        (
            "cl and te",
            post + "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
            b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        ),
        (
            "te and cl",
            post + "\r\nTransfer-Encoding: chunked\r\nContent-Length: 40",
            b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        ),
        ("two cl", post + "\r\nContent-Length: 5\r\nContent-Length: 9", b"abcdefghi"),
        ("cl list", post + "\r\nContent-Length: 5, 5", b"abcde"),
        ("cl sign", post + "\r\nContent-Length: +5", b"abcde"),
        ("cl minus", post + "\r\nContent-Length: -5", b"abcde"),
        ("cl huge", post + f"\r\nContent-Length: {'9' * 30}", b"abcde"),
        ("cl hex", post + "\r\nContent-Length: 0x5", b"abcde"),
        ("cl more", post + "\r\nContent-Length: 100", b"abc"),
        ("cl less", post + "\r\nContent-Length: 2", b"{}GET / HTTP/1.1\r\n\r\n"),
        ("te twice", post + "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n"),
        ("te odd", post + "\r\nTransfer-Encoding: xchunked", b"0\r\n\r\n"),
        ("te tab", post + "\r\nTransfer-Encoding:\tchunked", b"0\r\n\r\n"),
        ("te list", post + "\r\nTransfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
        ("te 1.0", post.replace("1.1", "1.0") + "\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        ("bad chunk", post + "\r\nTransfer-Encoding: chunked", b"zz\r\nabc\r\n0\r\n\r\n"),
        ("chunk minus", post + "\r\nTransfer-Encoding: chunked", b"-1\r\nabc\r\n0\r\n\r\n"),
        ("chunk huge", post + "\r\nTransfer-Encoding: chunked", b"ffffffffffffffffff\r\nabc"),
        ("chunk ext", post + "\r\nTransfer-Encoding: chunked", b"3;" + b"a" * 20_000 + b"\r\nabc\r\n0\r\n\r\n"),
        ("chunk lf", post + "\r\nTransfer-Encoding: chunked", b"3\nabc\n0\n\n"),
        ("chunk trailers", post + "\r\nTransfer-Encoding: chunked", b"0\r\n" + b"X: y\r\n" * 5000 + b"\r\n"),
        ("chunks without end", post + "\r\nTransfer-Encoding: chunked", b"1\r\na\r\n" * 20_000),
        ("chunk bytes", post + "\r\nTransfer-Encoding: chunked", b"1\r\n{\r\n" * 400 + b"0\r\n\r\n"),
        ("pipeline", f"GET / HTTP/1.1\r\n{host}\r\n\r\n" * 200 + f"GET / HTTP/1.1\r\n{host}", b""),
        (
            "upgrade tail",
            f"GET / HTTP/1.1\r\n{host}\r\nUpgrade: websocket\r\nConnection: upgrade",
            b"\x81\x85" + b"\xff" * 5000,
        ),
        ("connect", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443", b"\x16\x03\x01"),
        ("long method", "A" * 9000 + " / HTTP/1.1", b""),
    )
    for name, head, body in raw:
        yield name, head if isinstance(head, bytes) else head.encode(), body
