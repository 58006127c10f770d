"""The pictures of the README: real output, without what belongs to one machine."""

from __future__ import annotations

import pytest

from tests.support import ROOT
from toolkit.screenshots import IMAGES, hide, picture, rows

LIVE = "first\r\n\x1b[32mstarting\x1b[0m\r\nwaiting\r\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[32mready\x1b[0m\r\nalso\r\n"


def test_rows_show_the_last_state_of_a_live_display() -> None:
    assert rows(LIVE) == ["first", "\x1b[32mready\x1b[0m", "also", ""]


def test_temporary_folder_is_hidden_without_moving_columns() -> None:
    assert hide("│ /home/x1/my-app │", "/home/x1") == "│ ~/my-app        │"
    assert hide("http://127.0.0.1:1/?token=aB-_ │", "/home/x1") == "http://127.0.0.1:1/?token=…    │"


def test_picture_is_an_svg_with_colours_and_without_fonts_from_the_network() -> None:
    svg = picture(LIVE, "nox -s dev")
    assert svg.startswith("<svg")
    assert "ready" in svg
    assert "@font-face" not in svg


@pytest.mark.parametrize(("name", "text"), [("demo", "Stopped&#160;everything"), ("dev", "Ready&#160;in")])
def test_committed_pictures_are_complete_and_name_no_folder_of_a_machine(name: str, text: str) -> None:
    svg = (IMAGES / f"{name}.svg").read_text(encoding="utf-8")
    assert text in svg
    assert "tmp/" not in svg
    assert str(ROOT) not in svg
