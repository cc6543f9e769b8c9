"""The command doctor."""

import json
import re
import shutil
from pathlib import Path

import pytest

from core.cli import doctor
from core.home import Home
from core.spec import DATASETS
from tests.support.command import ask, call
from tests.support.run_writer import RunWriter


def test_doctor_checks_the_requirements(make_run: RunWriter, home: Home) -> None:
    make_run()
    found = ask("doctor")
    assert found["missing"] == []
    assert found["libraries"]["tensorflow"]
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 1e9
    assert (found["home"]["path"], found["home"]["writable"], found["runs"]) == (str(home.path), True, 1)
    assert found["dispatcher"] == {"pid": None, "unfinished": 0}
    assert {status["name"]: status["available"] for status in found["datasets"]}["digits"]
    printed = call("doctor").stdout
    assert "All requirements are met." in printed
    for name, dataset in DATASETS.items():
        missing = "not added. Run: headroom datasets add" if dataset.added else "not downloaded. Run: headroom datasets"
        assert dataset.bundled or re.search(rf"^  {name} +{missing}", printed, re.MULTILINE)


def test_doctor_exits_with_1_when_a_requirement_is_missing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.path.write_text("")
    result = call("doctor", "--json")
    assert result.exit_code == 1
    assert str(home.path) in json.loads(result.stdout)["missing"][0]
    assert str(home.path) in call("doctor").stdout.splitlines()[-1]


def test_doctor_rejects_an_invalid_number_of_slots(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "lots")
    result = call("doctor", "--json")
    assert result.exit_code == 1
    assert "'lots'" in json.loads(result.stdout)["missing"][0]


def test_doctor_reads_the_requirements_files(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\n-r other.txt\nnumpy==2.0\nno-such-package>=1\n")
    found = doctor.read_libraries(path)
    assert found == {"numpy": found["numpy"], "no-such-package": None}
    assert found["numpy"]
    monkeypatch.setattr(doctor, "REQUIREMENTS", path)
    assert "no-such-package is not installed" in doctor.examine(home)["missing"][0]


def test_doctor_finds_gpus_by_program_or_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    card = tmp_path / "driver/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    assert doctor.list_gpus(tmp_path / "nothing") == []
    (card / "information").write_text("Model: \t\t A card\nIRQ: 1\n")
    assert doctor.list_gpus(tmp_path / "driver") == ["A card"]
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Card 1'\necho 'Card 2'\n")
    program.chmod(0o755)
    assert doctor.list_gpus(tmp_path / "driver") == ["Card 1", "Card 2"]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert doctor.list_gpus(tmp_path / "driver") == ["A card"]


def test_doctor_names_a_full_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=20_000_000)
    monkeypatch.setattr("core.cli.doctor.shutil.disk_usage", lambda _: usage)
    result = call("doctor", "--json")
    assert result.exit_code == 1
    (message,) = json.loads(result.stdout)["missing"]
    assert message.startswith(f"The disk of {home.path} is nearly full: 0.0 GB free, at least 1.0 GB needed.")


def test_doctor_names_every_damaged_side_file(home: Home) -> None:
    home.jobs.mkdir(parents=True)
    for path in (home.path / "notes.sqlite", home.jobs / "queue.sqlite"):
        path.write_bytes(b"no database " * 200)
    missing = json.loads(call("doctor", "--json").stdout)["missing"]
    for name in ("notes.sqlite", "queue.sqlite"):
        assert sum(name in message for message in missing) == 1
    assert call("doctor", "--repair").exit_code == 0
