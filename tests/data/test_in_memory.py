"""Reading a torch-geometric `Data`: what is taken from it, and each mistake in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

from glt_cli.data.checksums import of_graph
from glt_cli.data.in_memory import graph_data, node_data
from glt_cli.errors import UserError
from tests.own_data import CLASSES, NODES, Batch, Data, HeteroData, changed, mask, own_data

NAN = float("nan")


def test_everything_is_taken_as_it_is() -> None:
    data = own_data()
    found = node_data(data)
    assert isinstance(found.x, np.ndarray)
    np.testing.assert_array_equal(found.x, data.x.numpy())
    np.testing.assert_array_equal(found.edges, data.edge_index.numpy())
    np.testing.assert_array_equal(found.y[found.train], data.y[data.train_mask].numpy())
    for split in ("train", "val", "test"):
        nodes = data[f"{split}_mask"].nonzero().squeeze(1).numpy()
        np.testing.assert_array_equal(getattr(found, split), nodes)
    assert (found.num_nodes, found.num_classes, found.weights) == (NODES, CLASSES, None)
    assert not found.directed


def test_features_are_a_copy() -> None:
    data = own_data()
    found = node_data(data)
    data.x.zero_()
    assert isinstance(found.x, np.ndarray)
    assert np.all(found.x != 0)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16, torch.int64])
def test_features_of_any_kind_are_float32(kind: torch.dtype) -> None:
    found = node_data(changed(x=own_data().x.to(kind)))
    assert isinstance(found.x, np.ndarray)
    assert found.x.dtype == np.float32


@pytest.mark.parametrize("layout", ["to_sparse", "to_sparse_csr", "to_sparse_csc"])
def test_sparse_features_are_a_csr_array(layout: str) -> None:
    x = torch.relu(own_data().x)
    found = node_data(changed(x=getattr(x, layout)()))
    assert isinstance(found.x, scipy.sparse.csr_array)
    np.testing.assert_array_equal(found.x.toarray(), x.numpy())
    assert found.x.has_sorted_indices
    assert found.x.nnz == int((x != 0).sum())


@pytest.mark.parametrize("gradient", [False, True])
def test_features_may_need_a_gradient(gradient: bool) -> None:
    assert node_data(changed(x=own_data().x.requires_grad_(gradient))).num_nodes == NODES


def test_direction_follows_from_the_edges() -> None:
    assert node_data(own_data(directed=True)).directed
    one_missing = changed(edge_index=own_data().edge_index[:, 1:])
    assert node_data(one_missing).directed


def test_loops_and_duplicates_make_no_direction() -> None:
    edges = own_data().edge_index
    more = torch.cat([edges, edges[:, :3], torch.tensor([[4, 5], [4, 5]])], dim=1)
    assert not node_data(changed(edge_index=more)).directed


def test_weights_that_differ_by_direction_make_one() -> None:
    edges = own_data().edge_index.shape[1]
    both = torch.rand(edges // 2).add(0.1).repeat(2)
    found = node_data(changed(edge_weight=both))
    assert not found.directed
    assert found.weights is not None
    np.testing.assert_array_equal(found.weights, both.numpy())
    assert node_data(changed(edge_weight=torch.arange(1.0, edges + 1))).directed


def test_weights_may_be_a_column() -> None:
    edges = own_data().edge_index.shape[1]
    found = node_data(changed(edge_weight=torch.full((edges, 1), 2.0)))
    assert found.weights is not None
    assert found.weights.shape == (edges,)


def test_labels_outside_the_masks_do_not_count() -> None:
    plain = own_data()
    used = plain.train_mask | plain.val_mask | plain.test_mask
    unknown = torch.where(used, plain.y, -1)
    found = node_data(changed(y=unknown))
    assert found.num_classes == CLASSES
    assert of_graph(found) == of_graph(node_data(plain))
    assert of_graph(node_data(changed(y=torch.where(used, plain.y, 10**9)))) == of_graph(found)


def test_a_column_of_classes_is_classes() -> None:
    plain = own_data()
    assert of_graph(node_data(changed(y=plain.y[:, None]))) == of_graph(node_data(plain))


@pytest.mark.parametrize("kind", [torch.float32, torch.bool, torch.int64])
def test_labels_of_any_kind(kind: torch.dtype) -> None:
    labels = torch.nn.functional.one_hot(own_data().y).to(kind)
    found = node_data(changed(y=labels))
    assert (found.y.shape, found.num_classes) == ((NODES, CLASSES), CLASSES)
    assert found.y.dtype == np.bool_


def test_unknown_labels_outside_the_masks_may_be_nan() -> None:
    plain = own_data()
    labels = torch.nn.functional.one_hot(plain.y).float()
    labels[~(plain.train_mask | plain.val_mask | plain.test_mask)] = NAN
    assert node_data(changed(y=labels)).num_classes == CLASSES


def test_the_checksum_is_of_everything_that_is_read() -> None:
    plain = own_data()
    x, edges = plain.x.clone(), plain.edge_index.shape[1]
    x[0, 0] += 1
    others = [
        changed(x=x),
        changed(edge_index=plain.edge_index[:, 2:]),
        changed(edge_weight=torch.full((edges,), 2.0)),
        changed(y=(plain.y + 1) % CLASSES),
        changed(train_mask=plain.val_mask, val_mask=plain.train_mask),
    ]
    sums = {of_graph(node_data(each)) for each in [plain, own_data(), *others]}
    assert len(sums) == 1 + len(others)


def test_to_predict_features_and_edges_are_enough() -> None:
    plain = own_data()
    found = graph_data(Data(x=plain.x, edge_index=plain.edge_index))
    assert found.num_nodes == NODES
    found = graph_data(Data(num_nodes=99, edge_index=plain.edge_index), False)
    assert (found.num_nodes, found.x) == (99, None)
    assert graph_data(changed(edge_index=torch.empty(2, 0, dtype=torch.int64))).edges.size == 0


PLAIN = own_data()
EDGES = PLAIN.edge_index
ONE_HOT = torch.nn.functional.one_hot(PLAIN.y)
EMPTY = torch.zeros(NODES, dtype=torch.bool)


def with_one(tensor: torch.Tensor, place: tuple[int, ...], value: float) -> torch.Tensor:
    tensor = tensor.clone()
    tensor[place] = value
    return tensor


USED = int(PLAIN.train_mask.nonzero()[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": None}, "data.x: is missing; give a torch-geometric Data with x, edge_index and"),
        ({"edge_index": None}, "data.edge_index: is missing"),
        ({"y": None}, "data.y: is missing"),
        ({"val_mask": None}, "data.val_mask: is missing"),
        ({"x": torch.ones(NODES)}, f"data.x: must be numbers [N, F]; it is float32 [{NODES}]"),
        ({"x": torch.ones(NODES, 0)}, "must be numbers [N, F]"),
        ({"x": torch.ones(NODES, 2, dtype=torch.complex64)}, "it is complex64"),
        ({"x": [["a"]] * NODES}, "data.x: must be a tensor; it is a list"),
        ({"x": with_one(PLAIN.x, (3, 1), NAN)}, "data.x: holds values that are not finite"),
        ({"x": with_one(PLAIN.x, (3, 1), NAN).to_sparse()}, "not finite"),
        ({"x": PLAIN.x.double() * 1e300}, "not finite"),
        ({"edge_index": EDGES.float()}, "must be whole numbers [2, M]; it is float32 [2, "),
        ({"edge_index": EDGES.t()}, "must be whole numbers [2, M]"),
        ({"edge_index": EDGES.bool()}, "must be whole numbers [2, M]; it is bool"),
        ({"edge_index": with_one(EDGES, (0, 0), 90)}, "holds node 90; nodes are 0 to 89"),
        ({"edge_index": with_one(EDGES, (1, 4), -1)}, "holds node -1; nodes are 0 to 89"),
        ({"edge_index": EDGES[:, :0]}, "data.edge_index: holds no edge"),
        ({"edge_index": EDGES[:1].repeat(2, 1)}, "data.edge_index: holds self-loops only"),
        ({"edge_weight": torch.ones(3)}, f"must be numbers [{EDGES.shape[1]}]; it is float32 [3]"),
        ({"edge_weight": torch.zeros(EDGES.shape[1])}, "must be above 0 and finite"),
        ({"edge_weight": torch.full((EDGES.shape[1],), NAN)}, "must be above 0 and finite"),
        ({"train_mask": PLAIN.train_mask.long()}, "must be bool [90]; it is int64 [90]"),
        ({"train_mask": PLAIN.train_mask[:5]}, "must be bool [90]; it is bool [5]"),
        ({"train_mask": PLAIN.train_mask[:, None]}, "must be bool [90]; it is bool [90, 1]"),
        ({"test_mask": EMPTY}, "data.test_mask: no node is in it"),
        ({"val_mask": PLAIN.train_mask}, "a node is in two of train_mask, val_mask and"),
        ({"y": PLAIN.y[:4]}, "data.y: must be classes [90] or labels [90, L]; it is int64 [4]"),
        ({"y": torch.zeros(())}, "must be classes [90]"),
        ({"y": PLAIN.y.view(NODES, 1, 1)}, "must be classes [90]"),
        ({"y": PLAIN.y.float()}, "must be whole numbers, as in data.y.long(); it is float32 [90]"),
        ({"y": PLAIN.y - 1}, "holds class -1; number the classes of the masks from 0"),
        ({"y": PLAIN.y + 1000}, "holds class 1002; number the classes"),
        (
            {"y": PLAIN.y * 0},
            "are of class 0; at least two classes are needed",
        ),
        ({"y": ONE_HOT * 2}, "labels [N, L] must be 0 or 1"),
        ({"y": with_one(ONE_HOT.float(), (USED, 0), NAN)}, "labels [N, L] must be 0 or 1"),
    ],
)
def test_each_mistake_is_one_line_that_says_what_would_be_right(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as refused:
        node_data(changed(**wrong))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (None, "None"),
        ("cora", "a str"),
        (3, "an int"),
        ([own_data()], "a list"),
        ((), "a tuple"),
        ({"x": 1}, "a dict"),
        (HeteroData(), "a HeteroData"),
    ],
)
def test_what_is_no_data_at_all(wrong: object, kind: str) -> None:
    for read in (node_data, graph_data):
        with pytest.raises(UserError) as refused:
            read(wrong)
        assert str(refused.value) == f"data: must be a torch_geometric Data; it is {kind}"


def test_a_batch_of_graphs_is_a_graph() -> None:
    assert graph_data(Batch.from_data_list([own_data(), own_data()])).num_nodes == 2 * NODES


def test_a_node_may_be_in_no_mask() -> None:
    assert len(node_data(changed(test_mask=mask(PLAIN.test_mask.nonzero()[:3]))).test) == 3
