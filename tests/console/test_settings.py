from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from console.settings import Settings, SetupChoices, load_settings, save_settings, settings_path


def write(content: object) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    settings_path().write_text(text)


def test_the_first_start_has_defaults_and_nothing_to_say() -> None:
    loaded = load_settings()
    assert loaded.settings == Settings()
    assert loaded.notice == ""


def test_what_is_saved_is_loaded_again() -> None:
    settings = Settings(
        theme="light",
        ascii=True,
        low_bandwidth="on",
        setup=SetupChoices(kind="training", scenario="bursty", steps=12_345, gamma=0.9, seed=7),
    )
    save_settings(settings)
    loaded = load_settings()
    assert loaded.settings == settings
    assert loaded.notice == ""


def test_the_file_is_in_the_settings_directory_and_private() -> None:
    save_settings(Settings())
    assert settings_path().parent == Path(os.environ["RLSCALE_CONFIG_DIR"])
    assert stat.S_IMODE(settings_path().stat().st_mode) == 0o600
    assert [path.name for path in settings_path().parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '"words"', "\x00"])
def test_a_broken_file_gives_defaults_and_a_notice_that_names_it(content: str) -> None:
    write(content)
    loaded = load_settings()
    assert loaded.settings == Settings()
    assert str(settings_path()) in loaded.notice
    assert "\n" not in loaded.notice


def test_a_file_that_is_no_text_gives_defaults_and_a_notice() -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_bytes(b"\xff\xfe{}")
    assert load_settings().settings == Settings()
    assert load_settings().notice


def test_unknown_keys_of_a_newer_version_do_no_harm() -> None:
    write({"theme": "light", "sound": "on", "setup": {"scenario": "bursty", "shell": "zsh"}})
    loaded = load_settings()
    assert loaded.settings.theme == "light"
    assert loaded.settings.setup.scenario == "bursty"
    assert loaded.notice == ""


def test_one_wrong_value_costs_that_value_alone() -> None:
    write({"theme": "pink", "ascii": True, "setup": {"steps": -5, "scenario": "bursty"}})
    loaded = load_settings()
    assert loaded.settings == Settings(ascii=True, setup=SetupChoices(scenario="bursty"))
    assert "theme" in loaded.notice
    assert "setup.steps" in loaded.notice


def test_a_section_of_the_wrong_type_costs_that_section() -> None:
    write({"theme": "light", "setup": [1, 2]})
    loaded = load_settings()
    assert loaded.settings == Settings(theme="light")
    assert "setup" in loaded.notice


def test_a_failed_write_leaves_the_former_file_and_no_litter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_settings(Settings(theme="light"))

    def refuse(source: str, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("console.settings.os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        save_settings(Settings(theme="colour-blind"))
    assert load_settings().settings.theme == "light"
    assert [path.name for path in settings_path().parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("choice", "environment", "expected"),
    [
        ("auto", {}, False),
        ("auto", {"SSH_TTY": "/dev/pts/1"}, True),
        ("auto", {"SSH_CONNECTION": "1 2 3 4"}, True),
        ("on", {}, True),
        ("off", {"SSH_TTY": "/dev/pts/1"}, False),
    ],
)
def test_low_bandwidth_follows_ssh_unless_it_is_chosen(
    choice: str, environment: dict[str, str], expected: bool
) -> None:
    settings = Settings.model_validate({"low_bandwidth": choice})
    assert settings.low_bandwidth_now(environment) is expected
