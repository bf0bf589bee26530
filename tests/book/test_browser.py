"""Finding a browser, and what is said and done when there is none."""

import sys

import pytest

from book import browser


@pytest.fixture
def bare(monkeypatch):
    """A machine without a browser, whose installers are noted and install nothing."""
    tried = []
    monkeypatch.setattr(browser, "NAMES", [])
    monkeypatch.setattr(browser, "PLACES", [])
    monkeypatch.setattr(browser, "playwrights_own", lambda playwright=None: "/nowhere/chrome")
    monkeypatch.setattr(browser, "run", lambda command, seconds: tried.append(command) or True)
    monkeypatch.setattr(browser, "is_root", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    return tried


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_browser_on_the_path_is_found(tmp_path, monkeypatch, bare):
    path = program(tmp_path / "chromium", "echo Chromium 1")
    monkeypatch.setattr(browser, "NAMES", ["chromium"])
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert browser.find_browser() == path


def test_a_browser_in_a_usual_place_is_found(tmp_path, monkeypatch, bare):
    path = program(tmp_path / "chrome", "echo Chrome 1")
    monkeypatch.setattr(browser, "PLACES", ["/nowhere/else", path])
    assert browser.find_browser() == path


def test_playwrights_own_is_found(tmp_path, monkeypatch, bare):
    path = program(tmp_path / "chrome", "echo Chrome 1")
    monkeypatch.setattr(browser, "playwrights_own", lambda playwright=None: path)
    assert browser.find_browser() == path


def test_a_stub_that_does_not_start_is_passed_over(tmp_path, monkeypatch, bare):
    stub = program(tmp_path / "chromium-browser", "echo install the snap >&2; exit 1")
    monkeypatch.setattr(browser, "PLACES", [stub])
    assert browser.find_browser() is None


def test_without_a_browser_one_line_says_what_to_do(bare, capsys):
    assert browser.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "not run" in lines[0] and f"{sys.executable} -m playwright install" in lines[0]
    assert [command[1:4] for command in bare] == [["-m", "playwright", "install"]]


def test_in_ci_it_is_a_failure(bare, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert browser.main() == 1


def test_root_on_debian_gets_the_package(bare, monkeypatch):
    monkeypatch.setattr(browser, "on_debian", lambda: True)
    browser.install_package()
    assert bare == []  # not without being root
    monkeypatch.setattr(browser, "is_root", lambda: True)
    browser.install_package()
    assert [command[:2] for command in bare] == [["apt-get", "update"], ["apt-get", "install"]]
    assert bare[1][-1] == "chromium"


def test_nothing_is_installed_when_the_download_worked(tmp_path, monkeypatch, bare):
    path = program(tmp_path / "chrome", "echo Chrome 1")
    monkeypatch.setattr(browser, "download", lambda: browser.PLACES.append(path))
    monkeypatch.setattr(browser, "install_package", lambda: pytest.fail("not needed"))
    assert browser.main() == 0


def test_installers_that_fail_or_hang_are_given_up():
    assert browser.run([sys.executable, "-c", "raise SystemExit(3)"], 60) is False
    assert browser.run([sys.executable, "-c", "import time; time.sleep(60)"], 0.2) is False
    assert browser.run(["no-such-installer"], 60) is False


def test_launch_without_a_browser_is_one_sentence(bare):
    with pytest.raises(RuntimeError, match="Site tests not run"):
        browser.launch(object())
