"""Made graphs: a degree-corrected block model with features that hint at the class.

For speed and memory at any size up to ten million edges; no accuracy on them says anything about
real data. Everything is a function of the settings, `data_seed` among them. Time and memory grow
linearly with nodes, edges and features, but for sorting the edges.

Nodes have classes of equal size. The expected degree of a node follows a power law. Of the edges,
the share `homophily` joins nodes of one class, the others nodes of two; ends are drawn by expected
degree. What such draws can't place as distinct edges (in graphs so small or dense that they run
out of pairs) is drawn uniformly from all pairs, so that the number of edges is always exact.

Features are sparse, ones in `active` columns of each node: the columns are cut into `active` runs
and a node has one of each, which is with probability `signal` the one that its class prefers.
Where every column is active, they are dense instead: `signal` times the class's mean and
``1 - signal`` times noise, both standard normal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from glt_cli.config.datasets import DatasetConfig, SyntheticConfig
from glt_cli.data import checksums
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray

#: Raised by a change that makes other data of the same settings.
GENERATOR_VERSION = 1
PLACE = "made when asked for"

#: Settings that the data depend on.
SETTINGS = (
    "nodes",
    "edges",
    "classes",
    "num_features",
    "active",
    "homophily",
    "signal",
    "train_fraction",
    "exponent",
    "data_seed",
)


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Say that there is nothing to look for."""
    return PLACE


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Say that there is nothing to fetch."""
    return PLACE


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Digest the settings and the generator's version; nothing is made."""
    settings = {name: getattr(config, name) for name in SETTINGS}
    text = json.dumps({"version": GENERATOR_VERSION, **settings}, sort_keys=True)
    return checksums.of_bytes(text.encode())


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Make the graph; UserError where the settings contradict each other."""
    import numpy as np

    made = cast(SyntheticConfig, config)
    if problems := list(made.problems()):
        raise UserError("\n".join(problems))
    classes, degrees, edges, features, split = np.random.default_rng(made.data_seed).spawn(5)
    y = classes.permutation(np.arange(made.nodes, dtype=np.int64) % made.classes)
    train, val, test = _split(split, made)
    return NodeData(
        num_nodes=made.nodes,
        x=_sparse_features(features, made, y)
        if made.active < made.num_features
        else _dense_features(features, made, y),
        edges=_edges(edges, made, y, _expected_degrees(degrees, made)),
        y=y,
        train=train,
        val=val,
        test=test,
        num_classes=made.classes,
        report=("made data: a block model, not measured anywhere",),
    )


def _split(
    generator: np.random.Generator, config: SyntheticConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut a permutation of the nodes: train_fraction, and two halves of the rest; none empty."""
    import numpy as np

    num_train = min(max(1, round(config.train_fraction * config.nodes)), config.nodes - 2)
    num_val = (config.nodes - num_train) // 2
    order = generator.permutation(config.nodes)
    train, val, test = np.split(order, [num_train, num_train + num_val])
    return np.sort(train), np.sort(val), np.sort(test)


def _expected_degrees(
    generator: np.random.Generator, config: SyntheticConfig
) -> NDArray[np.float64]:
    """Draw weights [N], at least 1, whose density falls with the power `exponent`.

    Capped so that no node expects edges to more than a quarter of all nodes.
    """
    import numpy as np

    mean_degree = 2 * config.edges / config.nodes
    highest = max(1.0, config.nodes / (4 * mean_degree))
    logarithms = generator.standard_exponential(config.nodes) / (config.exponent - 1)
    weights: NDArray[np.float64] = np.exp(np.minimum(logarithms, np.log(highest)))
    return weights


def _edges(
    generator: np.random.Generator,
    config: SyntheticConfig,
    y: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Draw the edges: [2, E] distinct, ascending, smaller node first, no self-loops."""
    import numpy as np

    by_class = np.argsort(y, kind="stable")
    members = np.split(by_class, np.cumsum(np.bincount(y, minlength=config.classes))[:-1])
    share = np.array([weights[nodes].sum() for nodes in members])

    def inside(count: int) -> NDArray[np.int64]:
        pairs = [
            _drawn(generator, nodes, weights[nodes], 2 * number).reshape(2, -1)
            for nodes, number in zip(
                members, generator.multinomial(count, share / share.sum()), strict=True
            )
        ]
        return np.concatenate(pairs, axis=1)

    def across(count: int) -> NDArray[np.int64]:
        nodes = np.arange(config.nodes)
        # One in `classes` meets its own class, and is lost.
        enough = count * config.classes // (config.classes - 1)
        pairs = _drawn(generator, nodes, weights, 2 * enough).reshape(2, -1)
        return pairs[:, y[pairs[0]] != y[pairs[1]]]

    def anywhere(count: int) -> NDArray[np.int64]:
        return generator.integers(config.nodes, size=(2, 2 * count))

    # Edge u < v as the number u N + v.
    num_inside = round(config.homophily * config.edges)
    found = np.empty(0, dtype=np.int64)
    found = _topped_up(generator, config.nodes, found, inside, num_inside)
    num_across = len(found) + config.edges - num_inside
    found = _topped_up(generator, config.nodes, found, across, num_across)
    while len(found) < config.edges:
        found = _topped_up(generator, config.nodes, found, anywhere, config.edges)
    ends = np.empty((2, len(found)), dtype=np.int64)
    np.divmod(found, config.nodes, out=(ends[0], ends[1]))
    return ends


def _drawn(
    generator: np.random.Generator,
    nodes: NDArray[np.int64],
    weights: NDArray[np.float64],
    count: int,
) -> NDArray[np.int64]:
    """Draw nodes by weight, with replacement.

    How often each comes is drawn first and their order afterwards: the same distribution as
    independent draws, without a search for each of them.
    """
    import numpy as np

    times = generator.multinomial(count, weights / weights.sum())
    drawn = np.repeat(nodes, times)
    generator.shuffle(drawn)
    return drawn


def _topped_up(
    generator: np.random.Generator,
    num_nodes: int,
    found: NDArray[np.int64],
    draw: Callable[[int], NDArray[np.int64]],
    wanted: int,
) -> NDArray[np.int64]:
    """Add drawn edges until there are `wanted`, or rounds bring next to nothing any more.

    Args:
        generator: Of surplus edges, decides which are left out.
        num_nodes: N.
        found: Distinct edges so far, ascending numbers u N + v.
        draw: Gives pairs [2, about the asked number], perhaps loops or known edges.
        wanted: How many edges there shall be.

    Returns:
        Ascending numbers, `wanted` of them; fewer if the draws ran dry.
    """
    import numpy as np

    while (missing := wanted - len(found)) > 0:
        pairs = draw(missing + missing // 16 + 64)
        low, high = pairs.min(axis=0), pairs.max(axis=0)
        keys = np.unique((low * num_nodes + high)[low < high])
        del pairs, low, high
        fresh = keys[~_contains(found, keys)]
        if len(fresh) > missing:
            fresh = generator.permutation(fresh)[:missing]
        found = np.sort(np.concatenate([found, fresh]))
        if len(fresh) < missing / 16:
            break
    return found


def _contains(ascending: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which ascending keys are among the ascending numbers."""
    import numpy as np

    if not len(ascending):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    known: NDArray[np.bool_] = ascending[places] == keys
    return known


def _sparse_features(
    generator: np.random.Generator, config: SyntheticConfig, y: NDArray[np.int64]
) -> scipy.sparse.csr_array:
    """Draw CSR [N, F] of ones, `active` in each row."""
    import numpy as np
    import scipy.sparse

    bounds = np.arange(config.active + 1) * config.num_features // config.active
    first, width = bounds[:-1], np.diff(bounds)
    preferred = generator.integers(width, size=(config.classes, config.active), dtype=np.int32)
    columns = generator.integers(width, size=(config.nodes, config.active), dtype=np.int32)
    tells = generator.random(columns.shape, dtype=np.float32) < config.signal
    np.copyto(columns, preferred[y], where=tells)
    columns += first.astype(np.int32)
    starts = np.arange(config.nodes + 1, dtype=np.int64) * config.active
    return scipy.sparse.csr_array(
        (np.ones(columns.size, dtype=np.float32), columns.ravel(), starts),
        shape=(config.nodes, config.num_features),
    )


def _dense_features(
    generator: np.random.Generator, config: SyntheticConfig, y: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Draw [N, F]: the class's mean and noise."""
    import numpy as np

    means = generator.standard_normal((config.classes, config.num_features), dtype=np.float32)
    x = generator.standard_normal((config.nodes, config.num_features), dtype=np.float32)
    x *= np.float32(1 - config.signal)
    x += np.float32(config.signal) * means[y]
    return x
