"""The one base class of all configuration sections."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen, strict group of settings: unknown keys and loosely typed values are errors.

    Fields that change results have no default, so a preset says everything. The string below a field is its
    documentation; the preset reference is generated from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
