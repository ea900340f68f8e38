"""A folder that is not whole, a device that is not there: told in a line, before a world starts."""

from __future__ import annotations

import json
import shutil
from typing import Any, cast

import pytest
import torch
from safetensors.torch import load_file, save_file

from helmsight.agents.errors import EngineUnfit, ModelRefused, ModelUnavailable
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.loading import torchvision_command
from tests.agents.models.architectures import make, qwen2_5_vl

pytestmark = pytest.mark.slow  # torch is loaded, and a model is made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(qwen2_5_vl, tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "model")


def changed(folder, change):
    weights = folder / "model.safetensors"
    save_file(change(load_file(weights)), weights, metadata={"format": "pt"})
    return str(folder)


@pytest.mark.parametrize("name", ["cuda:77", "cuba", "meta", ""])
def test_a_device_that_is_not_there_is_told_with_those_that_are(name, folder):
    with pytest.raises(EngineUnfit, match=f'no device "{name}" here; choose one of: cpu'):
        load_pilot(str(folder), device=name)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ('{"few_shots": 1}', 'there is no key few_shots: did you mean "few_shot"'),
        ('{"views": {"sise": 9}}', 'there is no key sise: did you mean "size"'),
        ('{"think": "breif"}', "think='breif': Input should be 'none', 'brief' or 'free'"),
        ('{"few_shot": 1', "cannot be read"),
    ],
)
def test_a_card_that_is_misspelt_is_told_by_the_nearest_key(card, told, folder):
    (folder / "helmsight.json").write_text(card)
    with pytest.raises(ModelUnavailable, match=told) as error:
        load_pilot(str(folder))
    assert "\n" not in str(error.value)


def test_a_design_that_needs_torchvision_names_the_command(folder):
    if _there("torchvision"):
        pytest.skip("torchvision is installed")
    (folder / "config.json").write_text('{"model_type": "lfm2_vl"}')
    for part in folder.glob("*processor*"):
        part.unlink()
    parts = {"image_processor_type": "Lfm2VlImageProcessor", "processor_class": "Lfm2VlProcessor"}
    (folder / "preprocessor_config.json").write_text(json.dumps(parts))
    with pytest.raises(ModelUnavailable) as told:
        load_pilot(str(folder))
    assert str(told.value).endswith(f"in one command: {torchvision_command()}")
    version, _, build = torch.__version__.partition("+")
    assert f"torchvision torch=={version}" in torchvision_command()
    assert torchvision_command().endswith(f"/{build}" if build else version)


def test_weights_that_have_no_place_are_told(folder):
    spare = changed(folder, lambda weights: weights | {"model.more.weight": torch.zeros(2)})
    with pytest.warns(UserWarning, match="1 parts of its weights have no place .*model.more"):
        load_pilot(spare)


def test_weights_that_are_no_numbers_answer_nothing(folder):
    empty = changed(
        folder, lambda weights: {name: part * torch.nan for name, part in weights.items()}
    )
    with pytest.raises(ModelRefused, match=r"no numbers \(NaN\); .*--dtype bfloat16 or float32"):
        cast(Any, load_pilot(empty)).probe()


def _there(package):
    try:
        __import__(package)
    except ImportError:
        return False
    return True
