"""Preset names → files."""

from __future__ import annotations

from pathlib import Path

from animatex.config.document import read_document
from animatex.config.problems import nearest
from animatex.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]


def presets_folder(package: Path = _PACKAGE) -> Path:
    """Give the folder of the shipped presets: in the installed package, else beside it in a checkout."""
    installed = package / "presets"
    return installed if installed.is_dir() else package.parent / "presets"


def preset_names(folder: Path | None = None) -> tuple[str, ...]:
    """List the shipped presets, sorted."""
    return tuple(sorted(path.stem for path in (folder or presets_folder()).glob("*.yaml")))


def animation_presets(folder: Path | None = None) -> tuple[str, ...]:
    """List the shipped presets that `animate` takes: no training recipes, no ablations."""
    folder = folder or presets_folder()
    names = preset_names(folder)
    keys = {name: dict(read_document(folder / f"{name}.yaml").places()) for name in names}
    return tuple(name for name in names if not {("stages",), ("rows",)} & keys[name].keys())


def preset_path(preset: str, folder: Path | None = None) -> Path:
    """Find a preset.

    Args:
        preset: The name of a shipped preset, or a YAML file, which has a suffix or a folder in its name.
        folder: Where the shipped presets lie, if not in the usual place.

    Raises:
        ConfigError: There is no such preset.
    """
    path = Path(preset)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        if not path.is_file():
            raise ConfigError(
                f"preset {preset} {'is a folder' if path.is_dir() else 'does not exist'}",
                hint="name a YAML file, or one of: " + ", ".join(preset_names(folder)) + ".",
            )
        return path
    names = preset_names(folder)
    if preset not in names:
        raise ConfigError(
            f"no preset is called '{preset}'.{nearest(preset, names)}",
            hint=f"there are {', '.join(names)}; or the path of a YAML file.",
        )
    return (folder or presets_folder()) / f"{preset}.yaml"
