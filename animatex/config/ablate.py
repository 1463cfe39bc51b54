"""What an ablation trains and measures: one denoiser stage, and rows that each change a little of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from animatex.config.loader import dump_config, parse_config
from animatex.config.model import Positive
from animatex.config.overrides import Override
from animatex.config.run import AnimateConfig, DenoiserStage, NonNegative, SyntheticData
from animatex.config.section import Section

HELD_OUT = 900_000_000
"""Characters with this seed and above are for measuring and tuning; training must not reach them."""

Place = Literal["Table 4", "Table 5", "Table 6", "Figure 13"]
"""Of the paper. Tables 4 and 5 leave parts of the pose indicators out; Table 6 varies how often poses are
transformed (lambda); Figure 13 the weight of the Implicit Pose Indicator (alpha)."""

Bodies = Literal["self", "rescaled"]
"""Whose body the poses are on: the character's own, or another."""

PLACES: tuple[Place, ...] = get_args(Place)
BODIES: tuple[Bodies, ...] = get_args(Bodies)

Deciding = Literal["latent_error", "psnr_star", "ssim_disco", "l1_disco"]


class AblateRow(Section):
    """One network that is trained and measured."""

    name: str
    """As the paper calls it: "w/o Realign"."""

    shown_in: Annotated[tuple[Place, ...], Field(min_length=1)]
    """Tables, and the figure, that it is a row or a point of."""

    changes: tuple[str, ...]
    """Settings of `stage` that it changes, "epi.realign=0.0"; none for the whole method."""

    @model_validator(mode="after")
    def _can_be_a_file(self) -> AblateRow:
        if not slug(self.name):
            raise ValueError(f"name is '{self.name}'; needs letters or digits.")
        for change in self.changes:
            if "=" not in change:
                raise ValueError(f"changes has '{change}'; needs key.path=value.")
        return self


class AblateMeasure(Section):
    """On what rows are measured: characters that no training has seen."""

    characters: Positive
    """Of the open A²Bench's test split; the kinds take turns."""

    frames: Annotated[int, Field(ge=2)]
    """Of each of its videos."""

    height: Positive
    width: Positive

    clips: Positive
    """Rendered clips on which the network alone is measured."""


class AblateClaim(Section):
    """A sentence that the measurements may bear out."""

    text: str
    bodies: Bodies
    """On whose body the driving poses are."""

    better: Annotated[tuple[str, ...], Field(min_length=1)]
    """Rows, each of which should be better than each of the others."""

    than: Annotated[tuple[str, ...], Field(min_length=1)]
    """The others."""


class AblateConfig(Section):
    """An ablation: rows, each trained from nothing with each seed, and measured on unseen characters."""

    out: str
    """Folder of the run: weights, the suite, what was measured."""

    seeds: Annotated[tuple[NonNegative, ...], Field(min_length=1)]
    """Each row is trained once with each: other first weights, noise and changes of poses, the same clips."""

    save_every: Positive
    """Steps between checkpoints."""

    stage: DenoiserStage
    """How a row is trained, before its changes."""

    animate: AnimateConfig
    """How a row makes videos; its network and weights are replaced by the row's."""

    measure: AblateMeasure
    decided_by: Deciding
    """The metric by which claims are judged."""

    rows: Annotated[tuple[AblateRow, ...], Field(min_length=1)]
    claims: tuple[AblateClaim, ...]

    @model_validator(mode="after")
    def _trains_on_others_than_it_measures(self) -> AblateConfig:
        data = self.stage.data
        if not isinstance(data, SyntheticData):
            raise ValueError(f"stage.data.kind is '{data.kind}'; an ablation trains on 'synthetic'.")
        clips = self.stage.steps * self.stage.batch * self.stage.optimizer.accumulate
        if data.seed + clips > HELD_OUT:
            raise ValueError(
                f"stage.data.seed is {data.seed} and {clips} clips are trained on; characters from "
                f"{HELD_OUT} on are for measuring."
            )
        return self

    @model_validator(mode="after")
    def _trains_what_makes_videos(self) -> AblateConfig:
        # Only the canvas may differ: videos are made on a larger one.
        size = {"downsampling"}
        trained, used = (codec.model_dump(exclude=size) for codec in (self.stage.codec, self.animate.codec))
        for key in trained:
            if trained[key] != used.get(key):
                raise ValueError(
                    f"animate.codec.{key} is {used.get(key)} and stage.codec.{key} {trained[key]}; videos "
                    "are made with the latents that are trained on."
                )
        return self

    @model_validator(mode="after")
    def _names_are_known_and_differ(self) -> AblateConfig:
        names = [row.name for row in self.rows]
        if len({slug(name) for name in names}) != len(names):
            raise ValueError(f"rows are named {names}; as files they need names of their own.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are {list(self.seeds)}; each may stand once.")
        for claim in self.claims:
            for name in (*claim.better, *claim.than):
                if name not in names:
                    raise ValueError(f"claims speak of '{name}'; there are the rows {', '.join(names)}.")
        return self

    @model_validator(mode="after")
    def _rows_fit(self) -> AblateConfig:
        for row in self.rows:
            stage = row_stage(self, row)
            for key in ("codec", "clip_encoder", "clip_checkpoint", "schedule", "data", "frames", "steps"):
                if getattr(stage, key) != getattr(self.stage, key):
                    raise ValueError(
                        f"rows.{self.rows.index(row)}.changes changes {key}; all rows share it, else their "
                        "numbers do not compare."
                    )
        return self


def row_stage(config: AblateConfig, row: AblateRow) -> DenoiserStage:
    """Give the stage that trains a row.

    Raises:
        ConfigError: One of the row's changes is no setting of a denoiser stage.
    """
    said = f"row '{row.name}'"
    pairs = (change.partition("=") for change in row.changes)
    changes = [Override(key.strip(), value, f"{said}: {key.strip()}={value}") for key, _, value in pairs]
    return parse_config(DenoiserStage, dump_config(config.stage), said, changes)


def slug(name: str) -> str:
    """Make a file name of a row's: "w/o Realign" → "w-o-realign"."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
