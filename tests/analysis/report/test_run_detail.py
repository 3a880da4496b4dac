from pathlib import Path

import numpy as np
import pytest

from glt_cli.analysis.collect import StoredRun, collect
from glt_cli.analysis.report.run_detail import Agreement, MaskChange, read_detail
from glt_cli.analysis.report.run_detail_figures import detail_figures
from tests.analysis.report.runs import cora_edges, make_run


def only(root: Path) -> StoredRun:
    [run] = collect([str(root)])
    return run


def test_degrees_and_classes_of_kept_and_removed_edges(tmp_path: Path) -> None:
    edges = cora_edges()
    kept = np.arange(edges.shape[1]) % 4 > 0
    make_run(tmp_path, [], 0.79, edges=edges, kept=kept)
    detail = read_detail(only(tmp_path), None)
    degree = np.bincount(edges.ravel())
    assert detail.degrees is not None
    assert detail.degrees[0] == min(degree[edges[0, 0]], degree[edges[1, 0]])
    assert isinstance(detail.agreement, Agreement)
    assert detail.agreement.all == pytest.approx(0.81, abs=0.001)
    assert detail.agreement.kept is not None
    assert detail.agreement.removed is not None
    mixed = 0.75 * detail.agreement.kept + 0.25 * detail.agreement.removed
    assert mixed == pytest.approx(detail.agreement.all, abs=0.001)
    assert [figure.name for figure in detail_figures(detail, "x")] == ["x-epochs", "x-degrees"]


HEADER = "phase,epoch,loss,val,graph_sparsity,weight_sparsity,"
HEADER += "edges_exchanged,weights_exchanged,edges_moved,weights_moved\n"


def test_the_detail_tells_of_exchanges_and_how_far_the_selected_masks_moved(tmp_path: Path) -> None:
    edges = cora_edges()
    kept = np.arange(edges.shape[1]) >= 1000
    run = make_run(tmp_path, [], 0.79, edges=edges, kept=kept)
    run.history.write_text(
        HEADER + "pretrain,1,1.9,0.3,0.0,0.0,,,,\n"
        "denoise,1,1.5,0.9,0.1,0.9,0.3,,0.25,\n"  # the best, but not yet at the target
        "denoise,2,1.5,0.5,0.3,0.9,0.2,,0.35,\n"
        "denoise,3,1.5,0.6,0.3,0.9,0.1,,0.30,\n"  # the best at the target; exchanged after it
        "denoise,4,1.5,0.6,0.3,0.9,,,,\n"
        "retrain,1,1.0,0.7,0.3,0.9,,,,\n"
    )
    detail = read_detail(only(tmp_path), None)
    assert list(detail.exchanges["epoch"]) == [1, 2, 3]
    assert list(detail.exchanges["edges_exchanged"]) == [0.3, 0.2, 0.1]
    assert detail.mask_change == MaskChange(3, 0.35, None)
    epochs, _ = detail_figures(detail, "x")
    assert len(epochs.figure.axes) == 5


def test_a_history_of_an_older_version_tells_of_no_exchanges(tmp_path: Path) -> None:
    make_run(tmp_path, [], 0.79)
    detail = read_detail(only(tmp_path), None)
    assert detail.history is not None
    assert detail.exchanges.empty
    assert detail.mask_change is None


def test_what_is_missing_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    folder = make_run(tmp_path, [], 0.79)
    folder.history.unlink()
    detail = read_detail(only(tmp_path), None)
    assert (
        detail.agreement == "The ticket's file is missing or damaged, so its edges can't be shown."
    )
    assert detail_figures(detail, "x") == []


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ("{", "does not say which data set"),
        ('{"dataset": {"name": "citeseer"}, "data_checksum": ""}', "which is not here"),
        ('{"dataset": {"name": "cora"}, "data_checksum": "other"}', "another version"),
        ('{"dataset": {"name": "unheard_of"}, "data_checksum": ""}', "unheard_of"),
    ],
)
def test_classes_need_the_same_data(about: str, sentence: str, tmp_path: Path) -> None:
    edges = cora_edges()
    folder = make_run(tmp_path, [], 0.79, edges=edges, kept=np.arange(edges.shape[1]) > 9)
    folder.ticket.write_text(about)
    detail = read_detail(only(tmp_path), None)
    assert isinstance(detail.agreement, str)
    assert sentence in detail.agreement


def test_damaged_tensors_are_no_edges(tmp_path: Path) -> None:
    edges = cora_edges()
    folder = make_run(tmp_path, [], 0.79, edges=edges, kept=np.arange(edges.shape[1]) > 9)
    folder.tensors.write_bytes(folder.tensors.read_bytes()[:1000])
    assert read_detail(only(tmp_path), None).kept is None
