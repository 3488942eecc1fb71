"""`motcua zalo connect|status|quota|refresh`: the Zalo Official Account."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import typer
from prometheus_client.parser import text_string_to_metric_families

from bot.channels.zalo_oa.calls import Failed, ZaloOACalls
from bot.channels.zalo_oa.tokens import Tokens
from bot.settings import ZaloOASettings
from motcua import logs
from motcua.cli._shared import Json, console, parts, print_json, run
from store.errors import Invalid, Unavailable
from store.tables import now

app = typer.Typer(help="The Zalo Official Account.", no_args_is_help=True)
T = TypeVar("T")
_ASK_S = 3.0
_COUNTED = {"motcua_zalo_signatures_total": "signatures", "motcua_zalo_sends_total": "sends"}
_EVENTS = (
    "user_send_text, user_send_image, user_send_file, user_send_location, user_send_gif, user_send_sticker, "
    "user_send_audio, user_send_video, user_submit_info, follow, unfollow"
)


@dataclass(frozen=True)
class _Account:
    settings: ZaloOASettings
    tokens: Tokens
    calls: ZaloOACalls
    public_url: str
    client: aiohttp.ClientSession
    metrics: Sequence[str]


@app.callback()
def _quiet() -> None:
    """The Zalo Official Account."""
    logs.configure("ERROR")


@app.command("connect")
def connect(
    code: Annotated[
        str,
        typer.Option(help="The code, or the whole address that Zalo sent the browser to. Asked for if missing."),
    ] = "",
    refresh_token: Annotated[
        str, typer.Option(help="A refresh token got elsewhere, such as from Zalo's API Explorer, instead of a code.")
    ] = "",
    redirect: Annotated[
        str, typer.Option(help="Address to which Zalo sends the browser back; entered in the app's settings.")
    ] = "https://localhost/",
) -> None:
    """Connect the account: walks through the permission, stores the tokens sealed, and says what is left to do.

    Needs MOTCUA_BOT__ZALO_OA__APP_ID, __APP_SECRET and __OA_SECRET. Both tokens are renewed by themselves from then on.
    """
    verifier = secrets.token_urlsafe(32)[:43]

    async def work(account: _Account) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.strip()}
        if not refresh_token:
            form = {"grant_type": "authorization_code", "code": _code(code, account, verifier, redirect)}
            if not code:
                form["code_verifier"] = verifier
        await account.tokens.keep(await account.tokens.exchange(form))
        return await _about(account)

    found = _over(work)
    console.print(f"connected: {found.get('name', '?')} (OA {found.get('oa_id', '?')})", markup=False)
    console.print(
        "What is left to do on developers.zalo.me, in the app's settings:\n"
        f"  1. Webhook address: {found['public_url']}/hooks/zalo-oa\n"
        f"  2. Events to tick: {_EVENTS}\n"
        "  3. Start or restart motcua; then write to the account from a phone.",
        markup=False,
    )


@app.command("status")
def status(as_json: Json = False) -> None:
    """How long the tokens last, and what the running program has counted; the tokens themselves are not shown.

    Counted since its start: webhooks by the timestamp that was signed, and messages by Zalo's window.
    """

    async def work(account: _Account) -> dict[str, Any]:
        state = await account.tokens.state()
        return {
            "app_id": state.app_id,
            "access_until": state.access_until.isoformat(timespec="seconds"),
            "hours_left": round((state.access_until - now()).total_seconds() / 3600, 1),
            "refreshed_at": state.refreshed_at.isoformat(timespec="seconds"),
            "renewal_in_doubt": state.unsure,
            **await _counted(account),
        }

    found = _over(work)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        shown = _line(value) if name in _COUNTED.values() else value
        console.print(f"{name:<18}{shown}", markup=False)


@app.command("quota")
def quota(as_json: Json = False) -> None:
    """How many messages outside the free window the account may still send."""

    async def work(account: _Account) -> list[dict[str, Any]]:
        wanted = {"quota_owner": "OA", "product_type": "cs", "quota_type": "sub_quota"}
        found = await account.calls.call("/v3.0/oa/quota/message", wanted)
        return found if isinstance(found, list) else [found]

    found = _over(work)
    if as_json:
        print_json(found)
        return
    for each in found:
        console.print(
            f"{each.get('product_type', '')} {each.get('quota_type') or each.get('type', '')}: "
            f"{each.get('remain', '?')} of {each.get('total', '?')} left, until {each.get('valid_through', '?')}",
            markup=False,
        )


@app.command("refresh")
def refresh(as_json: Json = False) -> None:
    """Renew the tokens now; normally the program does so by itself."""

    async def work(account: _Account) -> dict[str, Any]:
        await account.tokens.renew(await account.tokens.access())
        return {"access_until": (await account.tokens.state()).access_until.isoformat(timespec="seconds")}

    found = _over(work)
    if as_json:
        print_json(found)
        return
    console.print("renewed.")


async def _counted(account: _Account) -> dict[str, Mapping[str, int] | None]:
    """What the front doors have counted; None where none of them answers."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED.values()}
    answered = False
    timeout = aiohttp.ClientTimeout(total=_ASK_S)
    for url in account.metrics:
        try:
            async with account.client.get(url, timeout=timeout) as response:
                families = list(text_string_to_metric_families(await response.text()))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            continue
        answered = True
        for sample in (sample for family in families for sample in family.samples):
            if sample.name in _COUNTED:
                (label,) = sample.labels.values()
                counts[_COUNTED[sample.name]][label] += int(sample.value)
    return {name: dict(count) if answered else None for name, count in counts.items()}


def _line(count: Mapping[str, int] | None) -> str:
    if count is None:
        return "the program does not run here"
    return ", ".join(f"{name} {number}" for name, number in sorted(count.items())) or "none yet"


def _code(given: str, account: _Account, verifier: str, redirect: str) -> str:
    state = "" if given else secrets.token_urlsafe(8)
    if not given:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        wanted = {
            "app_id": account.settings.app_id,
            "redirect_uri": redirect,
            "code_challenge": challenge,
            "state": state,
        }
        address = f"{account.settings.oauth_url.rstrip('/')}/v4/oa/permission?{urlencode(wanted)}"
        console.print("Open this address in a browser, signed in as an administrator of the account, and agree:")
        console.print(f"  {address}", markup=False)
        given = str(typer.prompt("The address that the browser was sent to, or the code in it"))
    found = given.strip()
    if "://" in found or "code=" in found:
        fields = parse_qs(urlsplit(found).query or found)
        if state and fields.get("state", [state]) != [state]:
            raise Invalid("this address belongs to another attempt; run the command again and use the newest one")
        found = fields.get("code", [""])[0]
    if not found:
        raise Invalid("there is no code in it; it stands behind `code=` in the address that Zalo sends the browser to")
    return found


async def _about(account: _Account) -> dict[str, Any]:
    found = await account.calls.get("/v2.0/oa/getoa")
    return {**(found if isinstance(found, dict) else {}), "public_url": account.public_url.rstrip("/")}


def _over(work: Callable[[_Account], Awaitable[T]]) -> T:
    async def over() -> T:
        async with _account() as account:
            try:
                return await work(account)
            except Failed as failed:
                raise Unavailable(f"Zalo does not do it: {failed}") from None

    return run(over())


@asynccontextmanager
async def _account() -> Any:
    async with parts() as made:
        settings = made.settings.bot.zalo_oa
        if not settings.app_id or settings.app_secret is None:
            raise Invalid(
                "set MOTCUA_BOT__ZALO_OA__APP_ID and MOTCUA_BOT__ZALO_OA__APP_SECRET first; both stand in the app's "
                "settings on developers.zalo.me"
            )
        async with aiohttp.ClientSession() as client:
            tokens = Tokens(made.database, made.seal, settings, client)
            calls = ZaloOACalls(settings, tokens, client)
            bot = made.settings.bot
            host = f"[{bot.web.private_host}]" if ":" in bot.web.private_host else bot.web.private_host
            ports = [bot.private_port(number) for number in range(1, bot.gateways + 1)]
            metrics = [f"http://{host}:{port}/metrics" for port in ports]
            yield _Account(settings, tokens, calls, made.settings.desk.public_url, client, metrics)
