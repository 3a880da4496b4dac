"""Metrics against scikit-learn's and OGB's own."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from glt_cli.data.ogb.package import imported
from glt_cli.errors import UserError
from glt_cli.training.metrics import accuracy, average_precision, f1_macro, hits_at, roc_auc
from tests.cuda import waits_are

#: Few distinct values, so that ties are the rule.
TIED = st.integers(-3, 3).map(float)
ANY = st.one_of(TIED, st.floats(-1e6, 1e6, width=32))


@pytest.fixture(scope="module")
def ogb() -> Any:
    """Make OGB's evaluator by its name."""
    try:
        nodes, links = imported("ogb.nodeproppred"), imported("ogb.linkproppred")
    except UserError as error:
        pytest.skip(str(error))
    return lambda name: (links if name.startswith("ogbl") else nodes).Evaluator(name)


def scored(shape: Any) -> st.SearchStrategy[tuple[torch.Tensor, torch.Tensor]]:
    return st.tuples(
        arrays(np.float32, shape, elements=ANY).map(torch.from_numpy),
        arrays(np.int64, shape, elements=st.integers(0, 1)).map(torch.from_numpy),
    )


# --- F1 and average precision -------------------------------------------------------------------


@given(data=st.data())
def test_f1_is_scikit_learns_macro_average(data: st.DataObject) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    count = data.draw(st.integers(1, 25))
    outputs = torch.from_numpy(data.draw(arrays(np.float32, (count, 4), elements=TIED)))
    y = torch.from_numpy(data.draw(arrays(np.int64, count, elements=st.integers(0, 3))))
    expected = sklearn.f1_score(y, outputs.argmax(1), average="macro", zero_division=0)
    found = f1_macro(outputs, y)
    assert (found.dtype, found.shape) == (torch.float64, ())
    assert float(found) == pytest.approx(expected, abs=1e-12)


@given(data=st.data())
def test_average_precision_is_scikit_learns(data: st.DataObject) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, labels = data.draw(scored(data.draw(st.integers(1, 25))))
    found = average_precision(scores, labels)
    assert (found.dtype, found.shape) == (torch.float64, ())
    if labels.any():
        expected = sklearn.average_precision_score(labels, scores)
        assert float(found) == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(found)


def test_scores_that_are_nan_have_no_average_precision() -> None:
    assert math.isnan(average_precision(torch.tensor([1.0, math.nan]), torch.tensor([1, 0])))


# --- ROC-AUC ------------------------------------------------------------------------------------


@given(data=st.data())
def test_roc_auc_is_scikit_learns_mean_over_columns_with_both_classes(data: st.DataObject) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    shape = data.draw(array_shapes(min_dims=1, max_dims=2, max_side=25))
    scores, labels = data.draw(scored(shape))
    columns = zip(scores.reshape(len(scores), -1).T, labels.reshape(len(labels), -1).T, strict=True)
    areas = [sklearn.roc_auc_score(y, s) for s, y in columns if 0 < y.sum() < len(y)]
    found = roc_auc(scores, labels)
    assert found.dtype == torch.float64
    assert found.shape == ()
    if areas:
        assert float(found) == pytest.approx(np.mean(areas), abs=1e-12)
    else:
        assert math.isnan(found)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), decimals=st.integers(0, 7), one_class=st.integers(0, 111))
def test_roc_auc_is_that_of_ogbn_proteins(
    ogb: Any, seed: int, decimals: int, one_class: int
) -> None:
    random = np.random.default_rng(seed)
    scores = random.standard_normal((40, 112)).round(decimals)
    labels = random.integers(0, 2, (40, 112))
    labels[:, 0] = scores[:, 0] > 0
    labels[:, 1 : 1 + one_class] = 1
    official = ogb("ogbn-proteins").eval({"y_true": labels, "y_pred": scores})["rocauc"]
    found = roc_auc(torch.from_numpy(scores), torch.from_numpy(labels))
    assert float(found) == pytest.approx(official, abs=1e-12)


def test_roc_auc_of_all_ties_is_a_half_and_of_a_perfect_order_1() -> None:
    labels = torch.tensor([True, False, True, False])
    assert roc_auc(torch.zeros(4), labels) == 0.5
    assert roc_auc(labels.float(), labels) == 1
    assert roc_auc(-labels.float(), labels.float()) == 0


def test_roc_auc_of_a_nan_is_nan_unless_its_column_is_skipped() -> None:
    scores = torch.tensor([[0.0, math.nan], [1.0, 1.0], [2.0, 2.0]])
    assert math.isnan(roc_auc(scores, torch.tensor([[0, 0], [0, 1], [1, 1]])))
    assert roc_auc(scores, torch.tensor([[0, 1], [0, 1], [1, 1]])) == 1


def test_roc_auc_of_many_rows_takes_no_square_of_them() -> None:
    rows = 200_000  # a square would be 40 G entries
    labels = torch.arange(rows) % 2
    assert roc_auc(torch.arange(rows).float(), labels) == pytest.approx(0.5, abs=1e-4)


# --- Accuracy and hits --------------------------------------------------------------------------


@given(data=st.data())
def test_accuracy_is_that_of_ogbn_arxiv(ogb: Any, data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 30))
    outputs = torch.from_numpy(data.draw(arrays(np.float32, (rows, 5), elements=ANY)))
    y = torch.from_numpy(data.draw(arrays(np.int64, rows, elements=st.integers(0, 4))))
    given_ = {"y_true": y[:, None], "y_pred": outputs.argmax(1, keepdim=True)}
    found = accuracy(outputs, y)
    assert found.dtype == torch.float64
    assert float(found) == ogb("ogbn-arxiv").eval(given_)["acc"]


@given(
    positive=arrays(np.float32, st.integers(1, 30), elements=ANY),
    negative=arrays(np.float32, st.integers(0, 80), elements=ANY),
)
def test_hits_are_those_of_ogbl_collab(
    ogb: Any, positive: np.ndarray, negative: np.ndarray
) -> None:
    pairs = torch.from_numpy(positive), torch.from_numpy(negative)
    official = ogb("ogbl-collab").eval({"y_pred_pos": pairs[0], "y_pred_neg": pairs[1]})
    found = hits_at(*pairs, 50)
    assert found.dtype == torch.float64
    assert float(found) == official["hits@50"]


def test_hits_are_counted_strictly_above_the_kth() -> None:
    negative = torch.tensor([4.0, 3.0, 3.0, 1.0])
    positive = torch.tensor([5.0, 3.0, 3.5, 0.0])
    assert hits_at(positive, negative, 1) == 0.25
    assert hits_at(positive, negative, 2) == hits_at(positive, negative, 3) == 0.5
    assert hits_at(positive, negative, 4) == 0.75
    assert hits_at(positive, negative, 5) == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_metrics_stay_on_the_device_without_waiting() -> None:
    outputs = torch.randn(50, 7, device="cuda")
    labels = (torch.rand(50, 7, device="cuda") > 0.5).float()
    y = torch.randint(7, (50,), device="cuda")
    with waits_are("error"):
        found = [accuracy(outputs, y), roc_auc(outputs, labels), hits_at(outputs[0], outputs[1], 3)]
    assert all(metric.is_cuda for metric in found)
    assert float(found[1]) == pytest.approx(float(roc_auc(outputs.cpu(), labels.cpu())), abs=1e-12)
