from __future__ import annotations

import math

import pytest

from animatex.errors import (
    AnimateXError,
    BackendError,
    CheckpointMismatch,
    ConfigError,
    InputError,
    InUse,
    MissingPackage,
    require,
)


def test_each_kind_has_its_exit_code() -> None:
    assert ConfigError("x").exit_code == 2
    assert InUse("x").exit_code == 75
    for kind in (AnimateXError, InputError, MissingPackage, BackendError, CheckpointMismatch):
        assert kind("x").exit_code == 1


def test_an_error_carries_what_happened_and_what_to_do() -> None:
    error = InputError("hero.png is a folder", hint="name a file.")
    assert (str(error), error.message, error.hint) == (
        "hero.png is a folder",
        "hero.png is a folder",
        "name a file.",
    )
    assert InputError("x").hint is None


def test_a_package_that_is_there_is_given() -> None:
    assert require("math", for_="counting") is math


@pytest.mark.parametrize(
    ("package", "install"),
    [
        ("decord", "pip install 'animatex[decord]'"),
        ("mamba_ssm.ops", "build mamba-ssm for your GPU as docs/temporal-modules.md says"),
        ("some_package", "pip install some-package"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_install_line(
    package: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(
        MissingPackage,
        match=f"^reading needs the package {package.split('.')[0]}, which cannot be imported: ",
    ) as e:
        require(package, for_="reading")
    assert e.value.hint == install
