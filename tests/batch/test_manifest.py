import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from animatex.batch.manifest import pair_up, read_manifest, shard_of
from animatex.config.document import dump_document
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import ConfigError, InputError

TINY = load_config(AnimateConfig, preset_path("tiny"))


def load(preset, overrides):
    """A preset reader that is quick where nothing is changed."""
    if preset == "tiny" and all(each.key == "seed" for each in overrides):
        return TINY.model_copy(update={each.key: int(each.value) for each in overrides})
    return load_config(AnimateConfig, preset_path(preset), overrides)


def read(path: Path, out: Path | None = None):
    return read_manifest(path, out or path.parent / "out", "tiny", load)


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path)
    return caught.value.message.replace(str(path), path.name)


def as_csv(jobs):
    text = io.StringIO()
    writer = csv.DictWriter(text, ["reference", "driving", "out", "seed", "set"])
    writer.writeheader()
    writer.writerows([{**job, "set": ";".join(job.get("set", ()))} for job in jobs])
    return text.getvalue()


WRITERS = {
    ".yaml": lambda jobs: dump_document({"jobs": jobs}),
    ".csv": as_csv,
    ".jsonl": lambda jobs: "".join(json.dumps(job) + "\n" for job in jobs),
}

_names = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="/\\"), min_size=1, max_size=12
).map(lambda text: f"n{text.strip()}x")
_jobs = st.lists(
    st.fixed_dictionaries(
        {"reference": _names, "driving": _names, "out": _names.map(lambda name: f"{name}.mp4")},
        optional={"seed": st.integers(0, 2**40)},
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda job: job["out"],
)


@pytest.mark.parametrize("suffix", WRITERS)
@given(jobs=_jobs)
def test_what_is_written_is_read(suffix, jobs, tmp_path_factory):
    path = tmp_path_factory.mktemp("manifest") / f"jobs{suffix}"
    path.write_text(WRITERS[suffix](jobs), encoding="utf-8")
    found = read(path)
    assert [job.name for job in found] == [job["out"] for job in jobs]
    assert [job.reference for job in found] == [path.parent / job["reference"] for job in jobs]
    assert [job.driving for job in found] == [path.parent / job["driving"] for job in jobs]
    assert [job.config.seed for job in found] == [job.get("seed", TINY.seed) for job in jobs]


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_jobs_own_settings_are_in_its_config(suffix, tmp_path):
    jobs = [{"reference": "a.png", "driving": "b.mp4", "set": ["sampler.steps=7", "clip.frames=2"]}]
    path = tmp_path / f"jobs{suffix}"
    path.write_text(WRITERS[suffix](jobs))
    (job,) = read(path)
    assert (job.config.sampler.steps, job.config.clip.frames) == (7, 2)
    assert (job.name, job.output, job.preset) == ("a-b.mp4", tmp_path / "out" / "a-b.mp4", "tiny")


def test_a_jobs_preset_lies_beside_the_manifest(tmp_path):
    path = tmp_path / "jobs.jsonl"
    path.write_text('{"reference": "a.png", "driving": "b.mp4", "preset": "mine.yaml"}\n')
    asked = []
    read_manifest(path, tmp_path, "tiny", lambda preset, _: asked.append(preset) or TINY)
    assert asked == [str(tmp_path / "mine.yaml")]


def test_all_problems_are_told_at_once_with_their_lines(tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "jobs:\n"
        "  - {reference: a.png, driving: b.mp4}\n"
        "  - {reference: a.png, driving: b.mp4}\n"
        "  - {reference: a.png, driving: b.mp4, out: ../c.mp4}\n"
        "  - {reference: a.png, driving: b.mp4, out: d.mp4, preset: tinny}\n"
        "  - {reference: a.png, driving: b.mp4, out: e.mp4, set: [sampler.stesp=5]}\n"
    )
    lines = refused(path).splitlines()
    assert lines[0] == "jobs.yaml cannot be used (4 problems)"
    assert lines[1:] == [
        "  jobs.yaml:4: out: '../c.mp4' is no path inside the output folder.",
        "  jobs.yaml:5: no preset is called 'tinny'. Did you mean 'tiny'?",
        "  jobs.yaml:6: set sampler.stesp=5: sampler.stesp: unknown key. Did you mean 'steps'?",
        "  jobs.yaml:3: out: a-b.mp4 is written by jobs.yaml:2 too.",
    ]


def test_wrong_keys_and_values_are_told_with_their_lines(tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs:\n  - reference: a.png\n    drivin: b.mp4\n    seed: -1\n")
    assert refused(path).splitlines() == [
        "jobs.yaml cannot be used (3 problems)",
        "  jobs.yaml:2: jobs.0.driving: missing; needs text.",
        "  jobs.yaml:3: jobs.0.drivin: unknown key. Did you mean 'driving'?",
        "  jobs.yaml:4: jobs.0.seed: got -1; needs a whole number of at least 0, or null.",
    ]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("/etc/x.mp4", "out: '/etc/x.mp4' is no path inside the output folder."),
        ("a/../../x.mp4", "out: 'a/../../x.mp4' is no path inside the output folder."),
        ("a\nb.mp4", r"out: 'a\nb.mp4' has control characters or broken text in it."),
        ("-x.mp4", "out: '-x.mp4' begins with '-'; needs a letter or a digit."),
        (".x.mp4", "out: '.x.mp4' begins with '.'; needs a letter or a digit."),
        ("x.gif", "out: 'x.gif'; needs .mp4, .mov, or no suffix for a folder of PNG files."),
        ("link/x.mp4", "out: 'link/x.mp4' leads out of the output folder by a link."),
    ],
)
def test_outputs_stay_in_their_folder(out, message, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    path = tmp_path / "jobs.jsonl"
    path.write_text(json.dumps({"reference": "a.png", "driving": "b.mp4", "out": out}))
    assert refused(path) == f"jobs.jsonl:1: {message}"


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a.mp4", "./a.mp4", "out: a.mp4 is written by jobs.jsonl:1 too."),
        ("a.mp4", "a.mov", "out: a.mov is written by jobs.jsonl:1 too."),
        ("a", "a/b.mp4", "out: a/b.mp4 lies in a, which is a job's own folder."),
    ],
)
def test_no_two_jobs_write_one_file(first, second, message, tmp_path):
    path = tmp_path / "jobs.jsonl"
    jobs = [{"reference": "r.png", "driving": "d.mp4", "out": out} for out in (first, second)]
    path.write_text(WRITERS[".jsonl"](jobs))
    assert refused(path) == f"jobs.jsonl:2: {message}"


def test_what_a_job_reads_no_job_writes(tmp_path):
    path = tmp_path / "jobs.jsonl"
    path.write_text('{"reference": "r.png", "driving": "out/d.mp4", "out": "d.mp4"}\n')
    assert refused(path) == "jobs.jsonl:1: out: d.mp4 would replace a file that is read too."


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("jobs.yaml", "", "jobs.yaml is empty; a manifest has a list of jobs"),
        ("jobs.yaml", "jobs: []\n", "jobs.yaml has no jobs; needs at least one"),
        ("jobs.yaml", "- a\n", "jobs.yaml:1: holds a list; needs keys and values"),
        ("jobs.yaml", "jobs: &a [*a]\n", "jobs.yaml:1: *a refers to another value; write the value out"),
        ("jobs.jsonl", "\n{", "jobs.jsonl:2: not JSON: Expecting property name"),
        ("jobs.jsonl", '{"a": 1, "a": 2}', "jobs.jsonl:1: not JSON: a key stands twice"),
        ("jobs.csv", "reference,driving\na,b,c\n", "jobs.csv:2: more cells than columns"),
        ("jobs.csv", 'reference,driving\n"a,b\n', "jobs.csv:2: unexpected end of data"),
        ("jobs.csv", "reference,driving\na,\n", "jobs.csv:2: jobs.0.driving: missing; needs text."),
        ("jobs.jsonl", '{"reference": "a", "driving": "-"}', "jobs.jsonl:1: driving: '-' is standard input"),
        (
            "jobs.jsonl",
            '{"reference": "a", "driving": "b", "set": ["steps"]}',
            "jobs.jsonl:1: set: 'steps'; needs key.path=value, for example sampler.steps=50.",
        ),
        (
            "jobs.jsonl",
            json.dumps({"reference": "a", "driving": "b", "set": ["a." * 2000 + "a=1"]}),
            f"jobs.jsonl:1: set {'a.' * 78}…: the key is nested deeper than 32 levels",
        ),
    ],
)
def test_bad_manifests_are_refused_in_words(name, text, message, tmp_path):
    (tmp_path / name).write_text(text)
    assert refused(tmp_path / name).startswith(message)


def test_bytes_that_are_no_text_have_their_line(tmp_path):
    (tmp_path / "jobs.csv").write_bytes(b"reference,driving\na,\xff\n")
    assert refused(tmp_path / "jobs.csv") == "jobs.csv:2: not UTF-8 text; is this a manifest?"


@pytest.mark.parametrize("suffix", [".yaml", ".jsonl"])
def test_all_problems_are_told_at_once_whatever_their_kind(suffix, tmp_path):
    path = tmp_path / f"jobs{suffix}"
    wrong = [
        {"drivin": "b"},
        {"driving": "b", "set": ["sampler.stps=3"]},
        {"driving": "b", "out": "../x.mp4"},
        {"driving": "b", "preset": "nope"},
        {"driving": 3},
    ]
    path.write_text(WRITERS[suffix]([{"reference": "a", **job} for job in wrong]))
    said = refused(path)
    for words in ("drivin", "stps", "'../x.mp4' is no path inside", "nope", "driving: got 3"):
        assert words in said


def test_a_manifest_that_is_not_there_is_named(tmp_path):
    assert refused(tmp_path / "jobs.csv") == "jobs.csv does not exist"


def test_there_are_limits(tmp_path):
    line = '{"reference": "a", "driving": "b"}\n'
    (tmp_path / "jobs.jsonl").write_text(line * 10_001)
    assert refused(tmp_path / "jobs.jsonl") == "jobs.jsonl has 10001 jobs; at most 10000 are one batch"
    (tmp_path / "jobs.jsonl").write_text(line * 300_000)
    assert refused(tmp_path / "jobs.jsonl") == "jobs.jsonl has 10500000 bytes; at most 8388608 are read"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("refs").mkdir()
    Path("dances").mkdir()
    for name in ("b", "a"):
        Image.new("RGB", (4, 4)).save(f"refs/{name}.png")
    for name in ("y.npz", "x.mp4", "notes.txt", ".hidden.mp4"):
        Path("dances", name).touch()
    return tmp_path


def names(*arguments) -> list[str]:
    return [job.name for job in pair_up(*arguments, Path("out"), "tiny", load)]


def test_every_picture_is_paired_with_every_performance(place):
    made = names("refs/*.png", Path("dances"))
    assert made == ["a-x.mp4", "a-y.mp4", "b-x.mp4", "b-y.mp4"]
    assert names(str(place / "refs" / "*.png"), Path("dances")) == made


def test_hidden_files_and_what_is_no_picture_are_left_alone(place):
    made = names("refs/*.png", Path("dances"))
    Path("refs/.DS_Store").touch()
    Path("refs/.c.png").write_bytes(Path("refs/a.png").read_bytes())
    Path("refs/LICENSE.txt").write_text("all rights reserved")
    assert names("refs/*", Path("dances")) == made
    # What is called like a picture fails as a job of its own, in words.
    Path("refs/d.png").touch()
    assert names("refs/*", Path("dances")) == [*made, "d-x.mp4", "d-y.mp4"]


def test_a_picture_may_be_called_like_a_pattern(place):
    Path("refs/q[1].png").write_bytes(Path("refs/a.png").read_bytes())
    assert names("refs/q[1].png", Path("dances/y.npz")) == ["q[1]-y.mp4"]


def test_a_performance_may_be_one_file_or_a_folder_of_pictures(place):
    assert names("refs/a.png", Path("dances/y.npz")) == ["a-y.mp4"]
    assert names("refs/a.png", Path("refs")) == ["a-refs.mp4"]


@pytest.mark.parametrize(
    ("pattern", "driving", "message"),
    [
        ("refs/*.jpg", "dances", "--batch refs/*.jpg: no picture has such a name"),
        ("", "dances", "--batch : no picture has such a name"),
        ("/", "dances", "--batch /: no picture has such a name"),
        (
            "refs/a**",
            "dances",
            "--batch refs/a** is no pattern: Invalid pattern: '**' can only be an entire path component",
        ),
        ("refs/*.png", "gone", "--driving gone does not exist"),
        ("refs/*.png", "empty", "--driving empty has no videos and no poses in it"),
    ],
)
def test_nothing_to_pair_is_refused(pattern, driving, message, place):
    Path("empty").mkdir()
    with pytest.raises(InputError) as caught:
        names(pattern, Path(driving))
    assert caught.value.message == message


def test_too_many_pairs_are_refused(place):
    for number in range(101):
        Path(f"refs/{number}.png").touch()
        Path(f"dances/{number}.mp4").touch()
    with pytest.raises(
        ConfigError, match=r"\(103 pictures, 103 performances\) has 10609 jobs; at most 10000"
    ):
        names("refs/*.png", Path("dances"))


@given(count=st.integers(1, 7))
def test_shards_share_all_jobs_out(count, tmp_path_factory):
    path = tmp_path_factory.mktemp("manifest") / "jobs.jsonl"
    path.write_text("".join(f'{{"reference": "{n}.png", "driving": "b.mp4"}}\n' for n in range(20)))
    jobs = read(path)
    shards = [shard_of(jobs, index, count) for index in range(1, count + 1)]
    assert Counter(job.name for shard in shards for job in shard) == Counter(job.name for job in jobs)
    backwards = shard_of(jobs[::-1], 1, count)
    assert {job.name for job in backwards} == {job.name for job in shards[0]}
