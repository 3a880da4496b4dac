from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.data.planetoid_raw import RAW_FILES, RawFiles
from glt_cli.errors import UserError

Put = Callable[[RawFiles, Path], Path]


@pytest.mark.parametrize("name", sorted(RAW_FILES))
def test_pins_are_those_of_the_real_files(name: str, shared_data: Path) -> None:
    raw = RAW_FILES[name]
    folder = shared_data / "planetoid" / raw.title / "raw"
    assert raw.missing(folder) == []
    assert raw.read(folder, raw.pins).keys() == raw.pins.keys()


def test_folder_that_is_not_there_lacks_everything(toy: RawFiles, tmp_path: Path) -> None:
    assert toy.missing(tmp_path / "gone") == list(toy.pins)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda b: b""])
def test_other_content_is_refused_by_name(
    toy: RawFiles, put: Put, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    path = put(toy, tmp_path / "raw") / "ind.citeseer.graph"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=r"raw/ind\.citeseer\.graph is not.*not be opened"):
        toy.read(path.parent, toy.pins)


def test_folder_in_place_of_a_file_is_refused_by_name(
    toy: RawFiles, put: Put, tmp_path: Path
) -> None:
    path = put(toy, tmp_path / "raw") / "ind.citeseer.tx"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=r"ind\.citeseer\.tx can't be read"):
        toy.read(path.parent, toy.pins)
