"""Presets of ablations: what they may say, and what is refused before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from animatex.bench import ablate
from animatex.bench.make import bench_characters
from animatex.config.ablate import HELD_OUT, AblateConfig, row_stage, slug
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import SyntheticData
from animatex.errors import ConfigError
from tests.bench.ablations import write_preset


@pytest.fixture(scope="module")
def shipped() -> AblateConfig:
    return load_config(AblateConfig, preset_path("ablate"))


def test_the_shipped_rows_are_those_of_the_paper(shipped: AblateConfig):
    def rows(place: str) -> list[str]:
        return [row.name for row in shipped.rows if place in row.shown_in]

    assert rows("Table 4") == [
        "Animate-X", "w/o Realign", "w/o Rescale", "w/o IPI", "w/o LQ", "w/o DQ", "PA", "KV_Q",
    ]  # fmt: skip
    assert rows("Table 5") == [
        "Animate-X", "w/o EPI", "w/o Realign", "w/o Rescale",
        "w/o Add", "w/o Drop", "w/o BS", "w/o NF", "w/o AL",
    ]  # fmt: skip
    stages = {row.name: row_stage(shipped, row) for row in shipped.rows}
    assert sorted(stages[name].epi.probability for name in rows("Table 6")) == [0.8, 0.9, 0.95, 0.98, 1.0]
    indicators = [stages[name].network.pose_indicator for name in rows("Figure 13")]
    assert sorted(one.alpha for one in indicators if one) == [0, 0.5, 1, 2]


def test_each_row_but_the_first_changes_something_and_no_two_do_the_same(shipped: AblateConfig):
    stages = [row_stage(shipped, row).model_dump_json() for row in shipped.rows]
    assert stages[0] == shipped.stage.model_dump_json() and len(set(stages)) == len(stages)


def test_what_measures_was_never_trained_on(shipped: AblateConfig):
    clips = range(ablate._FIRST_CLIP, ablate._FIRST_CLIP + shipped.measure.clips)
    suite = [seed for one in bench_characters("test", 20) for seed in (one.seed, one.driver)]
    assert min(*clips, *suite) >= HELD_OUT and not set(clips) & set(suite)
    data = shipped.stage.data
    assert isinstance(data, SyntheticData)
    assert data.seed + shipped.stage.steps * shipped.stage.batch < HELD_OUT


def test_a_row_is_a_file_name():
    assert [slug(name) for name in ("w/o Realign", "lambda 90 %", "KV_Q", "alpha 0.5")] == [
        "w-o-realign", "lambda-90", "kv-q", "alpha-0.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"shown_in: [Table 4],": "shown_in: [Table 7],"},
            r"shown_in\.0: got 'Table 7'; needs one of 'Table 4', ",
        ),
        ({"w/o IPI, shown_in": "w/o IPI, table: 4, shown_in"}, r"rows\.1\.table: unknown key"),
        (
            {"network.pose_indicator=null": "network.alpah=2"},
            "row 'w/o IPI': network.alpah=2: network.alpah: unknown",
        ),
        ({"network.pose_indicator=null": "epi.drop=3"}, "row 'w/o IPI': epi.drop=3: epi.drop: got 3"),
        ({"network.pose_indicator=null": "nothing"}, "changes has 'nothing'; needs key.path=value"),
        ({"network.pose_indicator=null": "frames=3"}, r"rows\.1\.changes changes frames; all rows share it"),
        ({"name: w/o IPI": "name: WHOLE"}, r"rows are named \['whole', 'WHOLE'\]; as files they need"),
        ({"name: w/o IPI": "name: '%'"}, "name is '%'; needs letters or digits"),
        (
            {"than: [w/o IPI]": "than: [w/o AX]"},
            "claims speak of 'w/o AX'; there are the rows whole, w/o IPI",
        ),
        ({"seeds: [1]": "seeds: [1, 1]"}, r"seeds are \[1, 1\]; each may stand once"),
        (
            {"composes: poses": "composes: reference"},
            "animate.codec.composes is poses and stage.codec.composes reference; videos are made",
        ),
        ({"seed: 40000000": "seed: 900000000"}, "characters from 900000000 on are for measuring"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path: Path, change: dict[str, str], message: str):
    with pytest.raises(ConfigError, match=message):
        load_config(AblateConfig, write_preset(tmp_path / "mine.yaml", change))


def test_real_footage_is_not_what_an_ablation_trains_on(tmp_path: Path):
    data = {"{kind: synthetic, height: 64, width: 64, seed: 40000000, workers: 0}":
            "{kind: folder, path: x, height: 64, width: 64, every: 1, workers: 0}"}  # fmt: skip
    with pytest.raises(ConfigError, match="synthetic"):
        load_config(AblateConfig, write_preset(tmp_path / "mine.yaml", data))
