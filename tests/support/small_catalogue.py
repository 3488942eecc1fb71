"""A real catalogue of about ninety procedures of the starter, built in a few seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

from knowledge.catalogue import STARTER, Catalogue
from knowledge.settings import KnowledgeSettings
from store.engine import Database

FIELDS = ("ho_tich", "can_cuoc", "cu_tru", "ho_kinh_doanh", "xay_dung", "dat_dai")
QUICK = KnowledgeSettings(epochs=1, pairs=6, dims=64, refresh_s=0)


def sources(folder: Path) -> Path:
    """A folder with the starter's files of a few fields."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in FIELDS:
        shutil.copy(STARTER / f"{field}.yml", folder)
    return folder


async def publish(database: Database, home: Path, folder: Path) -> Catalogue:
    """Build and publish the small catalogue; `folder` is scratch space."""
    catalogue = Catalogue(database, home, QUICK)
    built = await catalogue.import_(sources(folder), actor="test")
    await catalogue.publish(built.id, actor="test")
    return catalogue
