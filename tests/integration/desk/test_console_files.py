"""Files in the console: for those who may see the case, shut in, and each look into the vault logged."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from desk import audit
from desk._file_check import Checked
from desk.cases import Draft, Kind
from tests.support.cases import conversation
from tests.support.console import console

PEOPLE = (
    ("lan.officer", "officer"),
    ("vinh.vault", "vault"),
    ("an.admin", "administrator"),
    ("bich.editor", "catalogue_editor"),
)


async def test_a_file_is_seen_by_who_sees_its_case(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "PNG")
    png, pdf = Checked("a.png", "image/png", out.getvalue()), Checked("Đơn.pdf", "application/pdf", b"%PDF-1.7")
    async with console(tmp_path, PEOPLE) as running:
        files, cases = running.parts.files, running.parts.cases
        plain, _ = await cases.open(Draft(kind=Kind.feedback, subject="Ổ gà", text="Hư."), key="1")
        sealed, _ = await cases.open(Draft(kind=Kind.denunciation, subject="Nhận tiền", text="Ông B."), key="2")
        _, talk = await conversation(running.parts.db, "a")
        picture, paper = await files.add(plain.id, (png, pdf), author="citizen")
        (secret,) = await files.add(sealed.id, (png,), author="citizen")
        waiting, _ = await files.keep(talk, png)
        seen = {}
        for name, _role in PEOPLE:
            async with running.person(name) as person:
                asked = {"picture": picture, "paper": paper, "secret": secret, "waiting": waiting}
                seen[name] = {
                    what for what, one in asked.items() if (await person.get(f"/files/{one.id}")).status == 200
                }
                nothing = await person.get("/files/999999")
                assert nothing.status == 404
        assert seen == {
            "lan.officer": {"picture", "paper", "waiting"},
            "vinh.vault": {"secret"},
            "an.admin": set(),
            "bich.editor": set(),
        }
        log = await audit.of(running.parts.db, f"case:{sealed.id}")
        assert [(entry.actor, entry.action) for entry in log[2:]] == [("vinh.vault", "vault_viewed")]
        async with running.nobody() as nobody:
            assert (await nobody.get(f"/files/{picture.id}", follow=False)).status == 303
        async with running.person("lan.officer") as lan:
            shown = await lan.get(f"/files/{picture.id}")
            assert shown.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert shown.headers["X-Content-Type-Options"] == "nosniff"
            assert shown.headers["Content-Disposition"].startswith("inline")
            paper_shown = await lan.get(f"/files/{paper.id}")
            assert paper_shown.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C4%90%C6%A1n.pdf"
            for garbage in ("x", "-1", "9" * 15, "1%00", "../1"):
                assert (await lan.get(f"/files/{garbage}")).status == 404
