"""The files of the chat page: small, plain, from one origin, readable for weak eyes. Needs no browser."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "bot" / "web"
SCRIPTS = sorted(WEB.glob("*.js"))
# The house allows 20 KB for the scripts of the page and of the widget together; comments are included.
SCRIPT_BUDGET = 19 * 1024
PAGE_BUDGET = 28 * 1024


def _packed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def tags() -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed((WEB / "index.html").read_text(encoding="utf-8"))
    return parser.found


def test_the_scripts_and_the_whole_page_are_small() -> None:
    assert len(SCRIPTS) >= 4
    assert _packed(*SCRIPTS) < SCRIPT_BUDGET
    assert _packed(*(path for path in WEB.iterdir() if path.is_file())) < PAGE_BUDGET


def test_nothing_is_inline_so_that_the_policy_can_forbid_it(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    for tag, attributes in tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        if tag == "script":
            assert attributes.get("src")


def test_nothing_comes_from_elsewhere_and_every_named_file_exists(
    tags: list[tuple[str, dict[str, str | None]]],
) -> None:
    named = [value for _, a in tags for name, value in a.items() if name in {"src", "href"} and value]
    assert len(named) >= 6
    for address in named:
        # `/t` is the page on which a case is followed, not a file of the chat.
        if not address.startswith("#") and address != "/t":
            assert address.startswith("/static/")
            assert (WEB / address.removeprefix("/static/")).is_file()
    for name in ("chat.css", "widget.css"):
        css = (WEB / name).read_text(encoding="utf-8")
        assert "url(" not in css
        assert "@import" not in css


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_parse_content_as_html_and_run_on_old_phones(script: Path) -> None:
    code = script.read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in code
    # Syntax and calls younger than 2019.
    for young in (r"\?\.[\w(\[]", r"\?\?", r"\.replaceAll\(", r"\.at\(", r"#\w+\s*[=(;]", r"\(\?<[=!]", "matchAll"):
        assert not re.search(young, re.sub(r"'[^'\n]*'", "''", code)), young
    for target in re.findall(r"(?:from |import\()'\./([\w.]+)'", code):
        assert (WEB / target).is_file()


def _colours(css: str) -> tuple[dict[str, str], dict[str, str]]:
    light, dark = re.findall(r":root, \.motcua\s*\{([^}]*)\}", css)[:2]
    day = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", light))
    return day, day | dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", dark))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("night", [False, True], ids=["light", "dark"])
def test_text_has_contrast_aa_and_the_edges_of_controls_can_be_seen(night: bool) -> None:
    colour = _colours((WEB / "chat.css").read_text(encoding="utf-8"))[night]
    text = [
        ("ink", "bg"), ("ink", "card"), ("ink", "tint"), ("soft", "bg"), ("soft", "card"), ("link", "card"),
        ("link", "bg"), ("link", "tint"), ("on-brand", "brand"), ("on-own", "own"), ("warn", "warn-bg"),
        ("warn", "bg"), ("warn", "card"), ("bad", "bg"), ("bad", "card"), ("card", "link"),
    ]  # fmt: skip
    edges = [("edge", "card"), ("edge", "bg"), ("link", "bg"), ("focus", "bg"), ("focus", "card")]
    too_weak = [pair for pair in text if _contrast(colour[pair[0]], colour[pair[1]]) < 4.5]
    too_weak += [pair for pair in edges if _contrast(colour[pair[0]], colour[pair[1]]) < 3]
    assert too_weak == []
