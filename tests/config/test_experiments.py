"""The experiment files: each composes, and a laptop-sized one is a part of its big one."""

from itertools import product
from math import prod
from typing import Any

import pytest
from omegaconf import OmegaConf

from glt_cli.config.request import config_folder, read

FOLDER = config_folder() / "experiment"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
LAPTOP = [name for name in NAMES if name.endswith("_laptop")]


def swept(name: str) -> dict[str, list[str]]:
    whole: Any = OmegaConf.to_container(OmegaConf.load(FOLDER / f"{name}.yaml"))
    params = whole["hydra"]["sweeper"]["params"]
    return {key: str(value).replace("],[", "];[").split(";" if "[" in str(value) else ",")
            for key, value in params.items()}  # fmt: skip


@pytest.mark.parametrize("name", LAPTOP)
def test_a_laptops_runs_are_among_those_of_the_whole_experiment(name: str) -> None:
    small, whole = swept(name), swept(name.removesuffix("_laptop"))
    assert list(small) == list(whole)
    assert all(set(small[key]) <= set(whole[key]) for key in small)
    assert prod(map(len, small.values())) <= 30
    assert prod(map(len, small.values())) < prod(map(len, whole.values()))


def test_every_grid_has_a_laptop_sized_part() -> None:
    grids = {name for name in NAMES if not name.endswith("_laptop")} - {"agreement"}
    assert grids == {name.removesuffix("_laptop") for name in LAPTOP}


@pytest.mark.parametrize("name", LAPTOP)
def test_it_composes_to_the_runs_that_it_lists(name: str) -> None:
    request = read([f"experiment={name}"], False, None)
    assert request.is_grid
    assert len(request.points) == len(list(product(*swept(name).values())))


@pytest.mark.parametrize("which", [0, -1])
@pytest.mark.parametrize("name", [name.removesuffix("_laptop") for name in LAPTOP])
def test_a_whole_experiment_composes_at_the_ends_of_its_lists(name: str, which: int) -> None:
    corner = [f"{key}={values[which]}" for key, values in swept(name).items()]
    [point] = read([f"experiment={name}", *corner], False, None).points
    assert set(corner) <= set(point.overrides)


@pytest.mark.parametrize("rounds", [2, 4, 8, 12, 16, 20])
def test_the_rungs_of_both_sides_are_rounds_of_ugs(rounds: int) -> None:
    [point] = read([f"sparsity=round{rounds}"], False, None).points
    sparsity = point.config.sparsity
    assert sparsity.graph == pytest.approx(1 - 0.95**rounds, abs=5e-5)
    assert sparsity.weight == pytest.approx(1 - 0.8**rounds, abs=5e-5)
