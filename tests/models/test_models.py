"""Models of users: added files, hostile files, and backbones that are cut after a layer."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from core.architecture.model import compute_model
from core.errors import ArtifactError, BundleError, ModelFileError, SpecError
from core.files import write_json
from core.home import Home
from core.jobs.sweep_plan import read_values
from core.models.add import add_model, clear_removed_models, remove_model, restore_model
from core.models.layer_store import layers_path
from core.models.model_info import INFO, choose_model, list_models, list_removed_models, read_model_info
from core.models.own_layers import list_backbone_layers, list_model_layers, pin_model
from core.models.weights_file import count_saved_values
from core.spec import HEADS, RunSpec
from core.store.artifact import ArtifactStore
from core.store.bundle import export_bundle
from core.store.bundle_import import import_bundle
from core.store.run_store import RunStore
from tests.support.bundle import describe, read_zip, write_zip
from tests.support.model_run import write_model_run
from tests.support.own_models import FILES, HOSTILE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_head_fits_the_feature_maps_of_an_added_model(home: Home, path: Path) -> None:
    info = add_model(home, "own", path)
    assert add_model(home, "own", path) == info == read_model_info(home, "own")
    assert info.cut in dict(info.cuts)
    spec = pin_model(home, RunSpec(backbone="model", model="own"))
    assert spec.model == f"own:{info.fingerprint}"
    for head in HEADS:
        model = compute_model(spec.replace(head=head), info.input_shape, 5)
        backbone = [row for row in model.rows if row.part == "backbone"]
        assert backbone[-1].output_shape == dict(info.cuts)[info.cut]
        assert model.rows[-1].output_shape == (5,)
    for cut, shape in info.cuts:
        rows = compute_model(spec.replace(cut=cut), info.input_shape, 5).rows
        assert [row for row in rows if row.part == "backbone"][-1].output_shape == shape
    whole = list_model_layers(spec.model, None)
    assert whole[0].layer.name == "value_range"


def test_the_default_cut_is_a_setting_of_new_runs_only(home: Home) -> None:
    """Runs of former versions, whose specs have no cut, end at the last feature maps: those of the classes in GAP."""
    path = next(path for path in FILES if "chain" in path.name)
    info = add_model(home, "own", path)
    last = info.cuts[-1][0]
    new = RunSpec(backbone="model", model="own")
    old = RunSpec(backbone="model", model=info.reference)
    for cut, pinned in ((last, ""), ("pool", "pool")):
        write_json(home.models / "own" / INFO, info.model_copy(update={"cut": cut}).model_dump(mode="json"))
        assert pin_model(home, new).cut == pinned
        assert pin_model(home, old) == old
        assert pin_model(home, new.replace(cut=last)).cut == last
        for spec, end in ((new, cut), (pin_model(home, new), cut), (old, last)):
            assert list_backbone_layers(spec) == list_backbone_layers(new.replace(cut=end))


def test_the_same_model_saved_again_by_keras_is_the_same(home: Home, tmp_path: Path) -> None:
    first, second = (tmp_path / f"{number}.keras" for number in range(2))
    for number, path in enumerate((first, second)):
        with zipfile.ZipFile(FILES[-1]) as source, zipfile.ZipFile(path, "w") as archive:
            for name in source.namelist():
                content = source.read(name)
                if name == "config.json":
                    config = json.loads(content)
                    for layer in config["config"]["layers"]:
                        layer["shared_object_id"] = number
                    content = json.dumps(config).encode()
                archive.writestr(name, content)
    assert add_model(home, "own", first) == add_model(home, "own", second)


def test_a_removed_model_can_be_restored_and_its_runs_be_read(home: Home) -> None:
    info = add_model(home, "own", FILES[0])
    spec = pin_model(home, RunSpec(backbone="model", model="own"))
    before = compute_model(spec, info.input_shape, 3)
    remove_model(home, "own")
    assert list_models(home) == []
    assert compute_model(spec, info.input_shape, 3) == before
    with pytest.raises(ModelFileError, match=r"^Model 'own' was not found"):
        pin_model(home, spec)
    other = add_model(home, "own", FILES[-1])
    with pytest.raises(ModelFileError, match=r"^Model own is another one now"):
        pin_model(home, spec)
    with pytest.raises(ModelFileError, match=r"^Cannot restore model own: another model has this name"):
        restore_model(home, "own")
    remove_model(home, "own")
    restore_model(home, "own")
    assert read_model_info(home, "own") == other  # the trash keeps the latest of each name
    remove_model(home, "own")
    assert list_removed_models(home) == ["own"]
    clear_removed_models(home)
    with pytest.raises(ModelFileError, match=r"^Model 'own' is not in the trash; it may have been deleted"):
        restore_model(home, "own")
    assert compute_model(spec, info.input_shape, 3) == before


def test_wrong_names_cuts_and_channels_are_refused_with_one_sentence(home: Home) -> None:
    info = add_model(home, "own", FILES[0])
    for name in ("", "Own", "a:b", "../x", "x" * 41):
        with pytest.raises(ModelFileError, match=r"^Expected the name to be "):
            add_model(home, name, FILES[0])
    with pytest.raises(ModelFileError, match=r"^Expected the value range to be one of 0..1, 0..255, -1..1"):
        add_model(home, "other", FILES[0], value_range="0..2")
    with pytest.raises(ModelFileError, match=r"^A model named own exists"):
        add_model(home, "own", FILES[0], value_range="-1..1")
    spec = RunSpec(backbone="model", model="own")
    with pytest.raises(SpecError, match=r"^Cannot cut the model after 'nothing'"):
        compute_model(spec.replace(cut="nothing"), info.input_shape, 3)
    channels = 1 if info.input_shape[-1] == 3 else 3
    with pytest.raises(SpecError, match=f"^Expected images with {info.input_shape[-1]} channel.s.; got {channels}"):
        compute_model(spec, (*info.input_shape[:2], channels), 3)
    assert choose_model({"model": "own"}) == {"model": "own", "backbone": "model"}


def _rewrite(source: Path, target: Path, change: Callable[[h5py.File], None]) -> Path:
    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO(entries["model.weights.h5"])
    with h5py.File(buffer, "a") as file:
        change(file)
    entries["model.weights.h5"] = buffer.getvalue()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights_are_refused_with_one_sentence(home: Home, tmp_path: Path, name: str) -> None:
    path = _rewrite(FILES[-1], tmp_path / "own.keras", HOSTILE[name])
    with pytest.raises(ModelFileError, match=r"^[A-Z][^\n]*\.$"):
        add_model(home, "own", path)
    assert list_models(home) == []


def test_other_files_are_refused_with_one_sentence(home: Home, tmp_path: Path) -> None:
    content = FILES[-1].read_bytes()
    with zipfile.ZipFile(tmp_path / "no weights.keras", "w") as archive, zipfile.ZipFile(FILES[-1]) as source:
        archive.writestr("config.json", source.read("config.json"))
    for name, part in {"cut.keras": content[: len(content) // 2], "empty.keras": b"", "text.keras": b"hello"}.items():
        (tmp_path / name).write_bytes(part)
    for path in [*tmp_path.glob("*.keras"), tmp_path / "missing.keras"]:
        with pytest.raises(ModelFileError, match=r"^[A-Z\w .]*\.?.*\.$"):
            add_model(home, "own", path)
    with pytest.raises(ModelFileError, match=r"^Cannot read the weights in the file"):
        count_saved_values(io.BytesIO(b"no HDF5"))


def test_other_inputs_than_one_image_are_named(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "empty.keras"
    path.touch()
    with pytest.raises(ModelFileError, match=r"^empty.keras is empty\.$"):
        add_model(home, "own", path)
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": 3, "activation": "linear", "use_bias": True}}
    image = {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 100]}}
    config = {"class_name": "Sequential", "config": {"name": "mlp", "layers": [image, dense]}}
    path.write_text(json.dumps(config))
    with pytest.raises(ModelFileError, match=r"^empty.keras has the inputs 100; only models with one image"):
        add_model(home, "own", path)


def test_models_that_heads_cannot_follow_are_refused_when_they_are_added(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    layers = [{"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 8, 8, 3]}}]
    pool = {"class_name": "MaxPooling2D", "config": {"name": "pool", "pool_size": [2, 2], "strides": [2, 2]}}
    chain = {"class_name": "Sequential", "config": {"name": "net", "layers": [*layers, pool, pool]}}
    graph = json.loads(FILES[0].with_name("keras-3.15.1-residual.config.json").read_text())
    graph["config"]["output_layers"] = [graph["config"]["output_layers"], ["stem", 0, 0]]
    for config, problem in (
        (chain, "cannot be used: layer 'pool' is used twice, which heads and evaluations do not support."),
        (graph, "has 2 outputs; only models with one output can be used."),
    ):
        path.write_text(json.dumps(config))
        with pytest.raises(ModelFileError) as caught:
            add_model(home, "own", path)
        assert str(caught.value) == f"model.keras {problem}"
    assert list_models(home) == []


def test_only_small_feature_maps_are_answered_with_larger_images(home: Home) -> None:
    info = add_model(home, "own", FILES[0])
    spec = RunSpec(backbone="model", model="own")
    channels = 1 if info.input_shape[-1] == 3 else 3
    for wrong, shape in (
        (spec.replace(cut="nothing"), info.input_shape),
        (spec, (*info.input_shape[:2], channels)),
        (spec.replace(model="own:0123456789abcdef"), info.input_shape),
    ):
        with pytest.raises(SpecError) as caught:
            compute_model(wrong, shape, 3)
        assert "larger than" not in str(caught.value)


def test_a_sweep_lists_models_by_their_names() -> None:
    assert read_values(["backbone=model:a,model:b"]) == {"backbone": ["model"], "model": ["a", "b"]}
    assert read_values(["model=a,b"]) == {"backbone": ["model"], "model": ["a", "b"]}
    assert read_values(["backbone=conv_pool,pixels"]) == {"backbone": ["conv_pool", "pixels"]}
    with pytest.raises(SpecError, match=r"^The backbones are models of yours and others"):
        read_values(["backbone=model:a,pixels"])


def test_a_bundle_carries_the_layers_of_an_added_model(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = add_model(home, "own", FILES[-1])
    remove_model(home, "own")
    spec = RunSpec(backbone="model", model=info.reference)
    run = write_model_run(home.runs, spec, info.input_shape, ("a", "b", "c"))
    export_bundle(RunStore(home), [run.run_id], tmp_path / "own.zip", pictures=False)
    entry = f"layers/{info.fingerprint}.json"
    other = Home(tmp_path / "other")
    monkeypatch.setenv("HEADROOM_HOME", str(other.path))
    files = read_zip(tmp_path / "own.zip")
    for content in (files[entry].replace(b'"weights": "', b'"weights": "0'), b"{}", b"[" * 9999):
        changed = files | {entry: content}
        write_zip(tmp_path / "bad.zip", describe(changed))
        with pytest.raises(BundleError, match=r"^The bundle is invalid: .*layers.*\.$"):
            import_bundle(other, tmp_path / "bad.zip")
        assert not layers_path(other, info.fingerprint).exists()
    assert import_bundle(other, tmp_path / "own.zip").imported == [run.run_id]
    assert RunStore(other).open(run.run_id).model.params == run.record.cost.params


def test_the_artifact_store_has_the_layers_of_an_added_model(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = add_model(home, "own", FILES[-1])
    run = write_model_run(home.runs, RunSpec(backbone="model", model=info.reference), info.input_shape, ("a", "b", "c"))
    kept = ArtifactStore.open(f"file://{tmp_path}/kept")
    kept.upload(run, home)
    assert kept.list_ids() == {run.run_id}
    other = Home(tmp_path / "other")
    monkeypatch.setenv("HEADROOM_HOME", str(other.path))
    assert kept.fetch(run.run_id, other).model.params == run.record.cost.params
    (tmp_path / "kept" / "layers" / f"{info.fingerprint}.json").write_text("{}")
    third = Home(tmp_path / "third")
    with pytest.raises(ArtifactError, match=r"^Cannot fetch run .*: The layers in .* are damaged"):
        kept.fetch(run.run_id, third)
    assert not layers_path(third, info.fingerprint).exists()
