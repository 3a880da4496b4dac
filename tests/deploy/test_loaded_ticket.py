"""What can be done with a ticket: predictions on its own graph, on changed ones and on others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import glt_cli
from glt_cli import data as data_sets
from glt_cli.config.datasets import FeaturelessConfig
from glt_cli.data.graph_data import NodeData
from glt_cli.deploy.loaded_ticket import Ticket
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import write_ticket
from glt_cli.pruning.masks import EDGE
from tests.conftest import REPOSITORY, TINY
from tests.deploy.supplier_runs import FILES, SUPPLIERS, Glt, run_of
from tests.deploy.test_torch_geometric import OUTPUTS, WIDTH, apply, make_ticket, some_graph
from tests.own_data import FEATURES, NODES, QUICK, Data, changed, own_data


def found(data: Data | None = None, **settings: Any) -> glt_cli.Ticket:
    """A ticket on a graph in memory, without most of its edges."""
    settings = {"method": "random", "graph_sparsity": 0.6, **QUICK, **settings}
    return glt_cli.find_ticket(own_data() if data is None else data, **settings)[0]


def kept_data(ticket: glt_cli.Ticket, data: Data) -> Data:
    """The graph of the kept edges alone."""
    kept = ticket.edge_index[:, ticket.masks[EDGE]]
    edges = kept if ticket.directed else torch.cat([kept, kept.flip(0)], dim=1)
    return Data(x=data.x, edge_index=edges)


# --- Its own graph --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["dataset=cora"], FILES, [*FILES, "dataset.directed=true"]])
def test_a_saved_ticket_predicts_what_its_record_says(glt: Glt, words: list[str]) -> None:
    folder = run_of(glt, *words)
    ticket = glt_cli.load_ticket(folder)
    raw = data_sets.load(ticket.dataset, None)
    assert isinstance(raw, NodeData)
    right = ticket.predict().argmax(1) == torch.from_numpy(raw.y)
    record = json.loads((folder / "record.json").read_text())
    assert float(right[raw.test].double().mean()) == pytest.approx(record["ticket_test"], abs=1e-9)
    assert float(right[raw.val].double().mean()) == pytest.approx(record["ticket_val"], abs=1e-9)

    x: Any = raw.x
    dense = torch.from_numpy(x.toarray() if hasattr(x, "toarray") else x)
    data = Data(x=dense, edge_index=torch.from_numpy(raw.edges))
    if raw.weights is not None:
        data.edge_weight = torch.from_numpy(raw.weights)
    torch.testing.assert_close(ticket.predict(data), ticket.predict(), rtol=1e-5, atol=1e-6)

    model, small = ticket.to_torch_geometric()
    outputs = apply(model, ticket.features(), small)
    torch.testing.assert_close(outputs, ticket.predict(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backbone", ["gcn", "gin", "gat", "resgcn"])
@pytest.mark.parametrize("directed", [False, True])
def test_every_backbone_predicts_alike_here_and_there(backbone: str, directed: bool) -> None:
    data = own_data(directed)
    layers = {"backbone.layers": 3} if backbone == "resgcn" else {}
    ticket = found(data, backbone=backbone, **layers)
    outputs = ticket.predict()
    assert (outputs.shape, outputs.dtype, outputs.requires_grad) == (
        (NODES, 3),
        torch.float32,
        False,
    )
    assert torch.equal(outputs, ticket.predict(data))
    assert torch.equal(outputs, ticket.predict(kept_data(ticket, data)))
    assert torch.equal(outputs, ticket.predict(kept_data(ticket, data), same_nodes=False))
    model, small = ticket.to_torch_geometric()
    torch.testing.assert_close(
        apply(model, ticket.features(), small), outputs, rtol=1e-4, atol=1e-5
    )


def test_a_weight_of_kept_edges_belongs_to_the_ticket(glt: Glt) -> None:
    words = [*TINY, "method=guided", "method.epochs=2", "method.edge_weight=3"]
    assert glt("run", *words)[0] == 0
    (folder,) = Path("outputs").glob("guided-*")
    ticket = glt_cli.load_ticket(folder)
    assert ticket.kept_edge_weight == 3
    raw = data_sets.load(ticket.dataset, None)
    assert isinstance(raw, NodeData)
    outputs = ticket.predict()
    right = outputs.argmax(1) == torch.from_numpy(raw.y)
    record = json.loads((folder / "record.json").read_text())
    assert float(right[raw.test].double().mean()) == pytest.approx(record["ticket_test"], abs=1e-9)
    assert glt("verify", str(folder))[0] == 0

    x: Any = raw.x
    data = Data(x=torch.from_numpy(x.toarray()), edge_index=torch.from_numpy(raw.edges))
    torch.testing.assert_close(ticket.predict(data), outputs, rtol=1e-5, atol=1e-6)
    kept = kept_data(ticket, data)
    torch.testing.assert_close(ticket.predict(kept, same_nodes=False), outputs)
    model, small = ticket.to_torch_geometric()
    torch.testing.assert_close(
        apply(model, ticket.features(), small), outputs, rtol=1e-4, atol=1e-5
    )
    whole = apply(model, ticket.features(), Data(edge_index=small.edge_index))
    assert not torch.allclose(whole, outputs, atol=1e-3)  # at weight 1

    assert glt("run", *words, "retrain.control=reinit")[0] == 0
    (control,) = set(Path("outputs").glob("guided-*")) - {folder}
    assert glt_cli.load_ticket(control).kept_edge_weight == 3


def test_a_ticket_in_memory_that_was_saved_needs_its_data() -> None:
    ticket = found(output_dir="kept")
    again = glt_cli.load_ticket(next(Path("kept").iterdir()))
    for ask in (again.predict, again.features):
        with pytest.raises(glt_cli.UserError, match=r"in memory: pass it, as in predict\(data\)"):
            ask()
    assert torch.equal(again.predict(own_data()), ticket.predict())


def test_files_that_changed_are_noticed(glt: Glt, tmp_path: Path) -> None:
    for name in ("nodes.csv", "edges.csv"):
        (tmp_path / name).write_text((SUPPLIERS / name).read_text())
    words = [f"dataset.edges={tmp_path}/edges.csv", f"dataset.nodes={tmp_path}/nodes.csv"]
    folder = run_of(glt, *FILES, *words)
    nodes = (tmp_path / "nodes.csv").read_text().replace("0.67", "0.68")
    (tmp_path / "nodes.csv").write_text(nodes)
    with pytest.raises(glt_cli.UserError, match="another version of files") as refused:
        glt_cli.load_ticket(folder).predict()
    assert "\n" not in str(refused.value)


def test_predictions_are_the_tickets_whatever_becomes_of_the_data() -> None:
    data = own_data()
    ticket = found(data)
    before = ticket.predict()
    data.x.zero_()
    ticket.features().zero_()
    assert torch.equal(ticket.predict(), before)


# --- Changed graphs -------------------------------------------------------------------------------


def with_edges(data: Data, pairs: list[tuple[int, int]]) -> Data:
    more = torch.tensor(pairs).t()
    data = data.clone()
    data.edge_index = torch.cat([data.edge_index, more, more.flip(0)], dim=1)
    return data


def test_pruned_edges_stay_absent_and_new_ones_are_used() -> None:
    data = own_data()
    ticket = found(data)
    new = [(NODES - 2, NODES - 1), (0, NODES - 1)]
    there = set(map(tuple, ticket.edge_index.t().tolist()))
    assert not there & set(new)
    outputs = ticket.predict(with_edges(data, new))
    expected = ticket.predict(with_edges(kept_data(ticket, data), new))
    assert torch.equal(outputs, expected)
    assert not torch.equal(outputs[NODES - 1], ticket.predict()[NODES - 1])


def test_edges_that_are_gone_are_not_missed() -> None:
    data = own_data()
    ticket = found(data)
    few = kept_data(ticket, data)
    few.edge_index = few.edge_index[:, ::2]
    assert torch.equal(ticket.predict(few), ticket.predict(few, same_nodes=False))
    none = Data(x=data.x, edge_index=torch.empty(2, 0, dtype=torch.int64))
    assert torch.equal(ticket.predict(none)[-1], ticket.predict()[-1])  # it never had one


def test_the_order_of_edges_and_copies_of_them_do_not_matter() -> None:
    data = own_data()
    ticket = found(data)
    mixed = data.clone()
    order = torch.randperm(data.edge_index.shape[1])
    mixed.edge_index = torch.cat([data.edge_index[:, order], data.edge_index[:, :5]], dim=1)
    one_way = data.clone()
    one_way.edge_index = data.edge_index[:, data.edge_index[0] < data.edge_index[1]]
    for other in (mixed, one_way):
        assert torch.equal(ticket.predict(other), ticket.predict())


def test_another_graph_keeps_all_its_edges() -> None:
    data = own_data()
    ticket = found(data)
    half = data.subgraph(torch.arange(NODES // 2))
    with pytest.raises(glt_cli.UserError, match=r"data has 45 nodes, the ticket's graph 90: pass"):
        ticket.predict(half)
    outputs = ticket.predict(half, same_nodes=False)
    assert outputs.shape == (NODES // 2, 3)
    whole = ticket.predict(data, same_nodes=False)
    dense = replace(ticket, masks=ticket.masks | {EDGE: torch.ones_like(ticket.masks[EDGE])})
    assert torch.equal(whole, dense.predict(data))


def test_a_permuted_graph_is_another_one() -> None:
    data, order = own_data(), torch.randperm(NODES, generator=torch.Generator().manual_seed(1))
    ticket = found(data)
    place = torch.argsort(order)
    other = Data(x=data.x[order], edge_index=place[data.edge_index])
    torch.testing.assert_close(
        ticket.predict(other, same_nodes=False), ticket.predict(data, same_nodes=False)[order]
    )


def test_edge_weights_that_the_ticket_did_not_have_are_refused() -> None:
    data = changed(edge_weight=torch.ones(own_data().edge_index.shape[1]))
    with pytest.raises(glt_cli.UserError, match="the ticket's graph has no edge weights; remove"):
        found().predict(data)
    data.edge_weight = None  # as the message says
    assert found().predict(data).shape[0] == NODES


def test_edge_weights_of_the_data_count() -> None:
    weights = torch.rand(own_data().edge_index.shape[1] // 2).add(0.5).repeat(2)
    data = changed(edge_weight=weights)
    ticket = found(data)
    assert torch.equal(ticket.predict(), ticket.predict(data))
    assert not torch.equal(ticket.predict(), ticket.predict(changed(edge_weight=2 * weights)))
    with pytest.raises(glt_cli.UserError, match=r"data\.edge_weight: is missing; the"):
        ticket.predict(own_data())
    model, small = ticket.to_torch_geometric()
    torch.testing.assert_close(
        apply(model, ticket.features(), small), ticket.predict(), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            changed(x=torch.ones(NODES, 3)),
            f"data.x: has 3 columns; the ticket's model takes {FEATURES}",
        ),
        (changed(x=None), "data.x: is missing"),
        (changed(edge_index=None), "data.edge_index: is missing"),
        (changed(edge_index=torch.tensor([[0], [NODES]])), "holds node 90"),
        (changed(x=own_data().x * float("nan")), "not finite"),
        (torch.ones(NODES, FEATURES), "data: must be a torch_geometric Data; it is a Tensor"),
    ],
)
def test_data_that_do_not_fit_are_one_line(wrong: Any, message: str) -> None:
    ticket = Ticket(**vars(made()))
    with pytest.raises(glt_cli.UserError) as refused:
        ticket.predict(wrong)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def made() -> Any:
    """A ticket of the width of `own_data`, not trained on it."""
    graph, kept = some_graph()
    ticket = make_ticket("gcn", graph, kept)
    wide = {
        name: torch.zeros(FEATURES, 5) if t.shape == (WIDTH, 5) else t
        for name, t in ticket.trained.items()
    }
    masks = {
        n: torch.zeros(FEATURES, 5, dtype=torch.bool) if m.shape == (WIDTH, 5) else m
        for n, m in ticket.masks.items()
    }
    return replace(ticket, num_features=FEATURES, init=wide, trained=wide, masks=masks)


# --- Transforms and embeddings --------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["none", "row_normalise", "standardise"])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_transform_travels_with_the_ticket(transform: str, sparse: bool) -> None:
    x = torch.relu(own_data().x - 1) * 3
    data = changed(x=x.to_sparse() if sparse else x)
    ticket = found(data, output_dir="kept", **{"dataset.transform": transform})
    again = glt_cli.load_ticket(next(Path("kept").iterdir()))
    assert torch.equal(again.predict(data), ticket.predict())
    train = x[own_data().train_mask]
    deviation = train.std(0, correction=0)
    expected = {
        "none": x,
        "row_normalise": x / x.sum(1, keepdim=True).clamp(min=1),
        "standardise": (x - train.mean(0)) / torch.where(deviation > 0, deviation, 1),
    }[transform]
    torch.testing.assert_close(again.features(data), expected)
    assert torch.equal(again.features(data), ticket.features())
    # A part of the graph is standardised by what the training nodes were, not by its own mean.
    part = Data(x=x[:30], edge_index=torch.tensor([[0], [1]]))
    torch.testing.assert_close(again.features(part), expected[:30])


def learned(**changes: Any) -> Ticket:
    graph, kept = some_graph()
    ticket = make_ticket("gcn", graph, kept, embedded=7)
    dataset = FeaturelessConfig(name="blogcatalog", transform="none", width=WIDTH)
    return Ticket(**vars(replace(ticket, dataset=dataset, **changes)))


def test_learned_embeddings_predict_for_their_own_nodes(tmp_path: Path) -> None:
    ticket = learned()
    write_ticket(ticket, RunFolder(tmp_path))
    data = Data(edge_index=ticket.edge_index, num_nodes=7)
    outputs = glt_cli.load_ticket(tmp_path).predict(data)
    assert outputs.shape == (7, OUTPUTS)
    model, small = ticket.to_torch_geometric()
    torch.testing.assert_close(apply(model, small.x, small), outputs, rtol=1e-4, atol=1e-5)
    assert torch.equal(ticket.features(data), small.x)
    for same in (True, False):
        with pytest.raises(glt_cli.UserError, match="learned embeddings for 7 and can't predict"):
            ticket.predict(Data(edge_index=ticket.edge_index, num_nodes=8), same_nodes=same)
    with pytest.raises(glt_cli.UserError, match="holds node 6; nodes are 0 to 3"):
        ticket.predict(Data(edge_index=ticket.edge_index, num_nodes=4))


def test_structural_features_are_made_of_the_datas_own_edges() -> None:
    graph, kept = some_graph()
    dataset = FeaturelessConfig(name="blogcatalog", transform="none", features="structural")
    ticket = Ticket(**vars(replace(make_ticket("gcn", graph, kept), dataset=dataset)))
    data = Data(edge_index=graph.edge_index, num_nodes=7)
    assert ticket.features(data).shape == (7, WIDTH)
    assert ticket.predict(data).shape == (7, OUTPUTS)


# --- Opening --------------------------------------------------------------------------------------


@pytest.fixture
def saved() -> Path:
    found(output_dir="kept", **{"dataset.transform": "standardise"})
    return next(Path("kept").iterdir())


def test_a_ticket_is_opened_by_its_folder_or_file(saved: Path) -> None:
    for path in (saved, str(saved), saved / "ticket.json"):
        assert repr(glt_cli.load_ticket(path)) == repr(glt_cli.load_ticket(saved))


def test_it_says_what_it_is_in_one_line(saved: Path) -> None:
    ticket = glt_cli.load_ticket(saved)
    kept, edges = int(ticket.masks[EDGE].sum()), ticket.masks[EDGE].numel()
    assert f"<Ticket: gcn on data; kept {kept} of {edges} edges, " in repr(ticket)
    assert ticket.graph_sparsity == pytest.approx(0.6, abs=0.01)
    assert ticket != glt_cli.load_ticket(saved)
    assert len({ticket, glt_cli.load_ticket(saved)}) == 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "path: must be the path of a folder; it is None"),
        (5, "path: must be the path of a folder; it is an int"),
        ("", "path=: name a folder"),
    ],
)
def test_a_path_that_is_none_is_one_line(path: Any, message: str) -> None:
    with pytest.raises(glt_cli.UserError) as refused:
        glt_cli.load_ticket(path)
    assert str(refused.value) == message


@pytest.mark.parametrize("name", ["nothing", "kept"])
def test_where_there_is_no_ticket(saved: Path, name: str) -> None:
    with pytest.raises(glt_cli.UserError, match=r"there is no such folder|holds no ticket"):
        glt_cli.load_ticket(name)


def test_a_damaged_one_is_refused(saved: Path) -> None:
    tensors = saved / "ticket.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1])
    with pytest.raises(glt_cli.UserError, match="damaged or truncated"):
        glt_cli.load_ticket(saved)


def age(folder: Path) -> None:
    """Take away what an earlier glt did not write."""
    import hashlib

    from safetensors.torch import load_file, save

    about = json.loads((folder / "ticket.json").read_text())
    tensors = load_file(folder / "ticket.safetensors")
    raw = save({n: t for n, t in tensors.items() if not n.startswith(("features.", "edge_weight"))})
    (folder / "ticket.safetensors").write_bytes(raw)
    del about["num_nodes"], about["directed"]
    about["tensors_sha256"] = hashlib.sha256(raw).hexdigest()
    (folder / "ticket.json").write_text(json.dumps(about))


def test_a_ticket_of_an_earlier_glt_still_opens(saved: Path) -> None:
    age(saved)
    ticket = glt_cli.load_ticket(saved)
    assert ticket.num_nodes == int(ticket.edge_index.max()) + 1
    with pytest.raises(glt_cli.UserError, match="lacks the mean and standard deviation of its"):
        ticket.predict(own_data())


def test_one_of_a_data_set_predicts_too(glt: Glt) -> None:
    folder = run_of(glt, "dataset=cora")
    expected = glt_cli.load_ticket(folder).predict()
    age(folder)
    assert torch.equal(glt_cli.load_ticket(folder).predict(), expected)


def test_one_of_a_weighted_graph_is_not_taken_for_a_plain_one(glt: Glt) -> None:
    folder = run_of(glt, *FILES)
    expected = glt_cli.load_ticket(folder).predict()
    age(folder)
    ticket = glt_cli.load_ticket(folder)
    assert torch.equal(ticket.predict(), expected)
    with pytest.raises(glt_cli.UserError, match="lacks its graph's edge weights; run it again"):
        ticket.to_torch_geometric()


def test_random_numbers_are_left_alone(saved: Path) -> None:
    def untouched(do: Callable[[], object]) -> bool:
        before = torch.random.get_rng_state()
        do()
        return torch.equal(torch.random.get_rng_state(), before)

    ticket = glt_cli.load_ticket(saved)
    assert untouched(lambda: glt_cli.load_ticket(saved))
    assert untouched(ticket.model)
    assert untouched(lambda: ticket.predict(own_data()))


def test_the_model_is_a_new_one_each_time(saved: Path) -> None:
    ticket = glt_cli.load_ticket(saved)
    expected = ticket.predict(own_data())
    model = ticket.model()
    assert not model.training
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert torch.equal(ticket.predict(own_data()), expected)


def test_a_device_is_checked(saved: Path) -> None:
    ticket = glt_cli.load_ticket(saved)
    outputs = [ticket.predict(own_data(), device=name) for name in ("cpu", torch.device("cpu"))]
    assert torch.equal(*outputs)
    with pytest.raises(glt_cli.UserError, match="device=gpu: must be auto, cpu, cuda or cuda:k"):
        ticket.predict(own_data(), device="gpu")


# --- The package ----------------------------------------------------------------------------------


def in_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'hydra', 'torch_geometric'}"
    assert in_python(f"import sys, glt_cli; print({heavy} & set(sys.modules))") == "set()"


def test_its_names_are_listed_and_there() -> None:
    names = {"Record", "Ticket", "UserError", "find_ticket", "load_runs", "load_ticket"}
    assert names <= set(glt_cli.__all__)
    assert names <= set(dir(glt_cli))
    assert len(dir(glt_cli)) == len(set(dir(glt_cli)))
    room: dict[str, Any] = {}
    exec("from glt_cli import *", room)
    assert names <= set(room)
    assert room["Ticket"] is glt_cli.Ticket is Ticket
    with pytest.raises(AttributeError, match="no attribute 'find_tickets'"):
        glt_cli.find_tickets  # noqa: B018


def test_public_things_say_what_they_take_and_give() -> None:
    for name in glt_cli.__all__:
        assert (getattr(glt_cli, name).__doc__ or "").strip(), name
