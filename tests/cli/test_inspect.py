import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from animatex.config.loader import load_config
from animatex.config.run import AnimateConfig
from animatex.inspection import inspect
from animatex.pose.io import write_poses
from animatex.provenance.marks import GENERATED
from animatex.record import sha256
from animatex.video.image import encode_png, read_image, write_png
from animatex_cli.main import run
from tests.cli.test_animate import hero, waving
from tests.provenance.chain import write_chain

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


# MediaPipe would look for a person in noise.
TINY = ["--preset", "tiny", "--frames", "2", "--set", "pose.reference_pose=rig", "--quiet"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a character, poses, and what was made of them: a video, a signed one, pictures."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("jane-doe")
        patch.chdir(folder)
        for name in ("ANIMATEX_WEIGHTS", "ANIMATEX_C2PA_CERT", "ANIMATEX_C2PA_KEY"):
            patch.delenv(name, raising=False)
        Image.fromarray(hero(np.random.default_rng(13))).save("hero.png")
        write_poses(waving(), Path("dance.npz"))
        write_chain(folder)
        given = ["animate", str(folder / "hero.png"), str(folder / "dance.npz"), *TINY, "--seed", "5"]
        assert run([*given, "--out", "out.mp4"]) == 0
        assert run([*given, "--out", "frames"]) == 0
        signing = ["--c2pa-cert", "jane.pem", "--c2pa-key", "jane.key"]
        assert run([*given, "--out", "signed.mp4", "--preview", "sheet.png", *signing]) == 0
        return folder


@pytest.fixture(autouse=True)
def place(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


def shown(capsys) -> dict[str, str]:
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()}


def test_a_video_says_what_it_is(capsys):
    assert run(["inspect", "out.mp4"]) == 0
    said = shown(capsys)
    assert said["file"] == "out.mp4"
    assert said["generated"] == "yes, by a trained model (trainedAlgorithmicMedia)"
    assert said["tool"].startswith("animatex ") and said["title"] == "hero-dance"
    assert said["pictures"] == "as they were written"
    assert said["seed"] == "5" and "torch " in said["with"]
    assert said["reference"].startswith("hero.png, SHA-256 ")
    assert said["driving"].startswith("dance.npz, SHA-256 ")


def test_json_is_one_object_with_these_keys(capsys):
    assert run(["inspect", "out.mp4", "signed.mp4", "--json"]) == 0
    plain, signed = json.loads(capsys.readouterr().out)["files"]
    assert list(plain) == [
        "file", "holds", "generated", "source_type", "tool", "title", "content", "credentials", "seed",
        "notes", "used", "settings", "problems",
    ]  # fmt: skip
    assert (plain["generated"], plain["source_type"], plain["seed"]) == (True, SOURCE_TYPE, 5)
    assert plain["content"]["state"] == "intact" and plain["credentials"] is None
    assert [file["role"] for file in plain["used"]] == ["reference", "driving"]
    assert signed["content"] == plain["content"]
    assert signed["credentials"]["state"] == "valid" and signed["credentials"]["signer"] == "jane, Tests"


def test_a_folder_of_pictures_is_taken_together(capsys):
    assert run(["inspect", "frames"]) == 0
    said = shown(capsys)
    assert (said["file"], said["pictures"], said["seed"]) == ("frames", "as they were written", "5")


def test_a_contact_sheet_is_generated_in_part(capsys):
    assert run(["inspect", "sheet.png"]) == 0
    assert shown(capsys)["generated"] == "in part, by a trained model (compositeSynthetic)"


def test_no_folder_is_named_in_what_is_made(made):
    for path in [made / "out.mp4", made / "signed.mp4", *(made / "frames").iterdir()]:
        assert b"jane-doe" not in path.read_bytes()
        assert b"hero.png" in path.read_bytes()
    assert "jane-doe" in (made / "out.yaml").read_text()


def test_no_record_names_what_signed(made):
    for text in ((made / "signed.yaml").read_text(), inspect(made / "signed.mp4").marks.settings):
        assert "jane.pem" not in text and "jane.key" not in text


def test_a_signer_may_be_trusted(capsys):
    assert run(["inspect", "signed.mp4", "--trust", "jane-root.pem"]) == 0
    assert shown(capsys)["credentials"] == (
        "they hold, signed by jane, Tests, for whom a trusted authority vouches"
    )
    assert run(["inspect", "signed.mp4"]) == 0
    assert shown(capsys)["credentials"] == "they hold, signed by jane, Tests, for whom nobody vouches here"


def test_credentials_are_not_verified_without_the_package(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert run(["inspect", "signed.mp4"]) == 0
    assert shown(capsys)["credentials"] == "there, and not verified: that needs animatex[c2pa]"
    assert run(["inspect", "signed.mp4", "--trust", "jane-root.pem"]) == 1
    assert capsys.readouterr().err.endswith("hint: pip install 'animatex[c2pa]'\n")


@pytest.mark.parametrize("name", ["out.mp4", "signed.mp4"])
def test_changed_pictures_are_seen(name, made, tmp_path, capsys):
    data = bytearray((made / name).read_bytes())
    data[data.index(b"mdat") + 100] ^= 1
    (tmp_path / name).write_bytes(data)
    assert run(["inspect", str(tmp_path / name)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == "pictures changed since they were written".split() for line in lines)
    problems = [line for line in lines if line.startswith("problem")]
    assert problems[0].endswith("its pictures are not those that it was written with")
    assert len(problems) == (2 if name == "signed.mp4" else 1)


def test_a_picture_that_does_not_belong_into_its_folder_is_seen(made, tmp_path, capsys):
    frames = tmp_path / "frames"
    frames.mkdir()
    for path in (made / "frames").iterdir():
        (frames / path.name).write_bytes(path.read_bytes())
    write_png(frames / "00001.png", read_image(frames / "00000.png").rgb)
    assert run(["inspect", str(frames)]) == 1
    assert "00001.png says something else than 00000.png" in capsys.readouterr().out


@pytest.mark.parametrize("written", ["{}", "https{}", "{}/", " {}\n"])
def test_a_term_is_known_by_its_name_however_it_is_written(written, tmp_path, capsys):
    address = SOURCE_TYPE.removeprefix("http") if written.startswith("https") else SOURCE_TYPE
    marks = replace(GENERATED, source_type=written.format(address))
    write_png(tmp_path / "other.png", np.zeros((8, 8, 3), np.uint8), marks)
    assert run(["inspect", str(tmp_path / "other.png")]) == 0
    assert shown(capsys)["generated"] == "yes, by a trained model (trainedAlgorithmicMedia)"


def test_marks_behind_the_pixels_are_found(tmp_path, capsys):
    png = encode_png(np.zeros((8, 8, 3), np.uint8), GENERATED)
    said, pixels, end = (png.index(name) - 4 for name in (b"iTXt", b"IDAT", b"IEND"))
    assert said < pixels
    (tmp_path / "other.png").write_bytes(png[:said] + png[pixels:end] + png[said:pixels] + png[end:])
    assert run(["inspect", str(tmp_path / "other.png")]) == 0
    assert shown(capsys)["generated"] == "yes, by a trained model (trainedAlgorithmicMedia)"


def test_a_file_without_marks_says_so_and_ends_with_1(capsys):
    assert run(["inspect", "hero.png", "out.mp4"]) == 1
    assert capsys.readouterr().out.startswith(
        "file       hero.png\ngenerated  it does not say: there are no marks in it\n\nfile  "
    )
    assert run(["inspect", "dance.npz", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["files"][0]
    assert (said["generated"], said["holds"], said["problems"]) == (None, False, [])


def test_what_outlives_a_change_of_container_is_shown(made, tmp_path, capsys):
    with av.open("out.mp4") as source, av.open(str(tmp_path / "out.mkv"), "w") as target:
        target.metadata.update(source.metadata)
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert run(["inspect", str(tmp_path / "out.mkv")]) == 0
    said = shown(capsys)
    assert said["generated"] == "yes, by a trained model (trainedAlgorithmicMedia)"
    assert said["pictures"] == "nothing says what they were"


def test_words_in_a_file_do_not_steer_the_terminal(made, tmp_path, capsys):
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), replace(GENERATED, title="a\x9b2J\nb"))
    assert run(["inspect", str(tmp_path / "a.png")]) == 0
    assert "\x9b" not in (out := capsys.readouterr().out) and "a\\x9b2J b\n" in out


def test_settings_are_a_preset(made, tmp_path, capsys):
    assert run(["inspect", "out.mp4", "--settings"]) == 0
    (tmp_path / "run.yaml").write_text(capsys.readouterr().out)
    assert load_config(AnimateConfig, tmp_path / "run.yaml") == load_config(AnimateConfig, Path("out.yaml"))


@pytest.mark.parametrize("name", ["out.mp4", "frames"])
def test_a_run_is_repeated_bit_for_bit(name, made, tmp_path, capsys):
    (tmp_path / "dance.npz").write_bytes((made / "dance.npz").read_bytes())
    again = tmp_path / name
    given = ["--repeat", "hero.png", str(tmp_path / "dance.npz"), "--out", str(again)]
    assert run(["inspect", name, *given]) == 0
    out, err = capsys.readouterr()
    assert out == f"{again}\n"
    assert err.endswith(f"the same pictures, bit for bit, as in {name}\n")
    pairs = (
        [(made / name, again)]
        if again.is_file()
        else zip(sorted((made / name).iterdir()), sorted(again.iterdir()), strict=True)
    )
    for first, second in pairs:
        assert first.read_bytes() == second.read_bytes()
    assert load_config(AnimateConfig, again.with_suffix(".yaml")) == load_config(
        AnimateConfig, Path("out.yaml")
    )


def test_a_run_that_is_repeated_hashes_its_files_once(tmp_path, monkeypatch):
    counts = Counter()
    for module in ("record", "repeat"):
        hashing = f"animatex.{module}.sha256"
        monkeypatch.setattr(hashing, lambda path: counts.update([path.name]) or sha256(path), raising=False)
    given = ["--repeat", "hero.png", "dance.npz", "--out", str(tmp_path / "again.mp4"), "--quiet"]
    assert run(["inspect", "out.mp4", *given]) == 0
    assert counts == {"hero.png": 1, "dance.npz": 1}


def test_a_name_that_is_too_long_is_refused(tmp_path, capsys):
    given = ["--repeat", "hero.png", "dance.npz", "--out", str(tmp_path / f"{'x' * 300}.mp4")]
    assert run(["inspect", "out.mp4", *given]) == 1
    assert "cannot be written: its name has 304 bytes; at most 232" in capsys.readouterr().err


def test_a_signed_run_is_repeated_too(tmp_path, capsys):
    given = ["--repeat", "hero.png", "dance.npz", "--out", str(tmp_path / "again.mp4"), "--json"]
    assert run(["inspect", "signed.mp4", *given, "--quiet"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == {
        "output": str(tmp_path / "again.mp4"),
        "record": str(tmp_path / "again.yaml"),
        "same_pictures": True,
    }


def test_other_files_are_not_repeated_with(tmp_path, capsys):
    given = ["--out", str(tmp_path / "again.mp4"), "--quiet"]
    assert run(["inspect", "out.mp4", "--repeat", "sheet.png", "dance.npz", *given]) == 1
    message = capsys.readouterr().err
    assert message.startswith(
        "error: sheet.png is not the reference that out.mp4 was made of: that was hero.png,"
    )
    assert run(["inspect", "out.mp4", "--repeat", "hero.png", "nowhere.npz", *given]) == 1
    assert capsys.readouterr().err == "error: nowhere.npz does not exist\n"
    assert (
        run(["inspect", "out.mp4", "--repeat", "hero.png", "dance.npz", "--poses", "dance.npz", *given]) == 1
    )
    assert "out.mp4 was made without poses; dance.npz would change it" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_settings_may_be_left_out_but_not_the_rest(tmp_path, capsys):
    out = str(tmp_path / "out.mp4")
    assert (
        run(["animate", "hero.png", "dance.npz", *TINY, "--set", "video.embed_settings=false", "--out", out])
        == 0
    )
    assert run(["inspect", out]) == 0
    said = shown(capsys)
    assert said["generated"].startswith("yes") and "seed" not in said
    assert b"hero.png" not in Path(out).read_bytes()
    assert run(["inspect", out, "--settings"]) == 1
    assert capsys.readouterr().err == (
        f"error: {out} holds no settings of a run\n"
        "hint: a record beside it, REFERENCE-DRIVING.yaml, is a preset too.\n"
    )


def test_what_came_through_a_pipe_cannot_be_checked(tmp_path, capsys):
    settings = inspect(Path("out.mp4")).marks.settings
    piped = "".join(line for line in settings.splitlines(True) if not line.startswith("# driving"))
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), replace(GENERATED, settings=piped))
    given = ["--repeat", "hero.png", "dance.npz", "--out", str(tmp_path / "b.mp4"), "--quiet"]
    assert run(["inspect", str(tmp_path / "a.png"), *given]) == 1
    assert "a.png does not say which driving it was made of\nhint: --settings" in capsys.readouterr().err


def test_settings_of_strangers_have_no_files_read(tmp_path, capsys):
    write_png(
        tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), replace(GENERATED, settings="unet: /dev/zero\n")
    )
    given = ["--repeat", "hero.png", "dance.npz", "--out", str(tmp_path / "b.mp4"), "--quiet"]
    assert run(["inspect", str(tmp_path / "a.png"), *given]) == 2
    assert "a.png" in (said := capsys.readouterr().err) and "unet: got '/dev/zero'" in said


@pytest.mark.parametrize("settings", ["seed: [", "a: &a [1]\nb: *a", "- 1"])
def test_settings_that_are_none_are_a_problem(settings, tmp_path, capsys):
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), replace(GENERATED, settings=settings))
    assert run(["inspect", str(tmp_path / "a.png")]) == 1
    assert "its settings cannot be read: " in capsys.readouterr().out
    assert run(["inspect", str(tmp_path / "a.png"), "--settings"]) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["out.mp4", "frames", "--settings"], "--settings is of one file, and 2 are given"),
        (["out.mp4", "--settings", "--json"], "--settings and --json exclude each other"),
        (["out.mp4", "--out", "b.mp4"], "--out is for --repeat, which is missing"),
        (["out.mp4", "--repeat", "hero.png", "dance.npz"], "--repeat needs --out"),
    ],
)
def test_wrong_options_are_refused_with_exit_code_2(options, message, capsys):
    assert run(["inspect", *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}\n")


def test_what_may_not_be_read_is_said(monkeypatch, capsys):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("animatex.inspection.is_boxed", refuse)
    assert run(["inspect", "out.mp4"]) == 1
    assert capsys.readouterr().err == "error: out.mp4 cannot be read: Permission denied\n"


def test_what_is_missing_or_would_be_replaced_is_refused(capsys):
    assert run(["inspect", "nowhere.mp4"]) == 1
    assert capsys.readouterr().err == "error: nowhere.mp4 does not exist\n"
    assert (
        run(["inspect", "out.mp4", "--repeat", "hero.png", "dance.npz", "--out", "hero.png", "--force"]) == 1
    )
    assert capsys.readouterr().err.startswith("error: hero.png would be replaced, but it is read too\n")
    assert run(["inspect", "out.mp4", "--repeat", "hero.png", "dance.npz", "--out", "frames"]) == 1
    assert capsys.readouterr().err.startswith("error: frames exists already\n")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--c2pa-cert", "jane.pem"], 2, "--c2pa-key is missing: certificate and key are needed to sign"),
        (["--c2pa-key", "jane.key"], 2, "--c2pa-cert is missing: certificate and key are needed to sign"),
        (
            ["--c2pa-cert", "jane.pem", "--c2pa-key", "jane.key", "--c2pa-timestamp", "ftp://x"],
            2,
            "--c2pa-timestamp ftp://x: needs an address that begins with http",
        ),
        (["--c2pa-cert", "jane.pem", "--c2pa-key", "jane-root.pem"], 1, "jane-root.pem holds no private key"),
    ],
)
def test_credentials_are_refused_before_anything_is_made(options, code, message, tmp_path, capsys):
    given = ["hero.png", "dance.npz", "--preset", "tiny", "--out", str(tmp_path / "out.mp4")]
    assert run(["animate", *given, *options]) == code
    assert capsys.readouterr().err.startswith(f"error: {message}\n")
    assert not list(tmp_path.iterdir())


def test_a_batch_signs_what_it_makes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANIMATEX_C2PA_CERT", "jane.pem")
    monkeypatch.setenv("ANIMATEX_C2PA_KEY", "jane.key")
    given = ["--batch", "hero*.png", "--driving", "dance.npz", "--out-dir", str(tmp_path)]
    assert run(["animate", *given, *TINY]) == 0
    found = inspect(tmp_path / "hero-dance.mp4")
    assert found.signature is not None and found.signature.state == "valid"
    assert found.content == "intact" and found.seed == 13
    assert b"jane.key" not in (tmp_path / "batch.ledger").read_bytes()


def test_certificates_that_are_not_there_are_named_though_nothing_is_signed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_png(Path("plain.png"), np.zeros((4, 4, 3), np.uint8))
    assert run(["inspect", "plain.png", "--trust", "nowhere.pem"]) == 1
    assert capsys.readouterr() == ("", "error: nowhere.pem does not exist\n")
