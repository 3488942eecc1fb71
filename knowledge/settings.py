"""Settings of the catalogue and of the search in it."""

from __future__ import annotations

from pydantic import BaseModel, Field


class KnowledgeSettings(BaseModel):
    """Section `knowledge` of the settings (`MOTCUA_KNOWLEDGE__*`)."""

    model: str = Field(
        default="static",
        description="The model behind the dense half of the search. `static`: a small one, trained from the "
        "catalogue itself when a version is published. Otherwise any sentence-transformers model, by its hub "
        "name (BAAI/bge-m3) or by its folder; the next published version is indexed with it.",
    )
    dims: int = Field(default=256, ge=16, le=1024, description="Size of a vector of the static model.")
    epochs: int = Field(default=3, ge=1, le=50, description="Passes over the training pairs of the static model.")
    pairs: int = Field(default=30, ge=1, le=200, description="Made-up questions per procedure for the training.")
    threads: int = Field(default=2, ge=1, le=64, description="Processor threads that a training may use.")
    seed: int = Field(default=1, description="Seed of the training: the same catalogue gives the same model.")
    keep_versions: int = Field(
        default=5, ge=2, le=1000, description="Published versions kept on disk, the live one included."
    )
    refresh_s: float = Field(
        default=2.0, ge=0, le=3600, description="How often, at most, a process asks which version is live, in seconds."
    )
