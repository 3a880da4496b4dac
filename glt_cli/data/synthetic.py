"""Synthetic graphs: a degree-corrected block model, with features that depend on the class.

They are for measuring speed and memory, with up to ten million edges; accuracy on them says nothing
about real data. The graph depends only on the settings, including `data_seed`. Time and memory grow
linearly with nodes, edges and features, except for sorting the edges.

Classes have equal size. The expected degrees of the nodes follow a power law. The share `homophily`
of the edges connects nodes of the same class, the others connect nodes of different classes; both
endpoints are drawn in proportion to the expected degrees. If a small or dense graph has too few
such pairs, the remaining edges are drawn uniformly from all pairs, so their number is always exact.

Features are sparse, with the value 1 in `active` columns of each node. The columns are divided into
`active` ranges, and a node has one column of each range: with probability `signal` the one that
belongs to its class, otherwise a random one. If all columns are active, features are dense instead:
`signal` times the mean of the class plus ``1 - signal`` times noise, both standard normal.
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

#: Increase this with every change that makes different data from the same settings.
GENERATOR_VERSION = 1
PLACE = "generated on demand"

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
    """Return that the graph is generated; there are no files."""
    return PLACE


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Return that the graph is generated; there is nothing to download."""
    return PLACE


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Return the digest of the settings and the generator's version; no graph is generated."""
    settings = {name: getattr(config, name) for name in SETTINGS}
    text = json.dumps({"version": GENERATOR_VERSION, **settings}, sort_keys=True)
    return checksums.of_bytes(text.encode())


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Generate the graph; UserError if settings contradict each other."""
    import numpy as np

    settings = cast(SyntheticConfig, config)
    if problems := list(settings.problems()):
        raise UserError("\n".join(problems))
    classes, degrees, edges, features, split = np.random.default_rng(settings.data_seed).spawn(5)
    y = classes.permutation(np.arange(settings.nodes, dtype=np.int64) % settings.classes)
    train, val, test = _split(split, settings)
    return NodeData(
        num_nodes=settings.nodes,
        x=_sparse_features(features, settings, y)
        if settings.active < settings.num_features
        else _dense_features(features, settings, y),
        edges=_edges(edges, settings, y, _expected_degrees(degrees, settings)),
        y=y,
        train=train,
        val=val,
        test=test,
        num_classes=settings.classes,
        report=("synthetic data: a block model, not real measurements",),
    )


def _split(
    generator: np.random.Generator, config: SyntheticConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split a random permutation: train_fraction, and two halves of the rest; none is empty."""
    import numpy as np

    num_train = min(max(1, round(config.train_fraction * config.nodes)), config.nodes - 2)
    num_val = (config.nodes - num_train) // 2
    order = generator.permutation(config.nodes)
    train, val, test = np.split(order, [num_train, num_train + num_val])
    return np.sort(train), np.sort(val), np.sort(test)


def _expected_degrees(
    generator: np.random.Generator, config: SyntheticConfig
) -> NDArray[np.float64]:
    """Draw weights [N] of at least 1 from a power law with the given `exponent`.

    They are limited so that no node has an expected degree above a quarter of all nodes.
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
    """Draw [2, E] distinct edges, ascending, smaller node first, without self-loops."""
    import numpy as np

    by_class = np.argsort(y, kind="stable")
    members = np.split(by_class, np.cumsum(np.bincount(y, minlength=config.classes))[:-1])
    share = np.array([weights[nodes].sum() for nodes in members])

    def inside(count: int) -> NDArray[np.int64]:
        pairs = [
            _draw_nodes(generator, nodes, weights[nodes], 2 * number).reshape(2, -1)
            for nodes, number in zip(
                members, generator.multinomial(count, share / share.sum()), strict=True
            )
        ]
        return np.concatenate(pairs, axis=1)

    def across(count: int) -> NDArray[np.int64]:
        nodes = np.arange(config.nodes)
        # A pair has the same class with probability 1 / classes and is then dropped.
        enough = count * config.classes // (config.classes - 1)
        pairs = _draw_nodes(generator, nodes, weights, 2 * enough).reshape(2, -1)
        return pairs[:, y[pairs[0]] != y[pairs[1]]]

    def anywhere(count: int) -> NDArray[np.int64]:
        return generator.integers(config.nodes, size=(2, 2 * count))

    # An edge u < v is stored as the number u N + v.
    num_inside = round(config.homophily * config.edges)
    found = np.empty(0, dtype=np.int64)
    found = _add_edges(generator, config.nodes, found, inside, num_inside)
    num_across = len(found) + config.edges - num_inside
    found = _add_edges(generator, config.nodes, found, across, num_across)
    while len(found) < config.edges:
        found = _add_edges(generator, config.nodes, found, anywhere, config.edges)
    ends = np.empty((2, len(found)), dtype=np.int64)
    np.divmod(found, config.nodes, out=(ends[0], ends[1]))
    return ends


def _draw_nodes(
    generator: np.random.Generator,
    nodes: NDArray[np.int64],
    weights: NDArray[np.float64],
    count: int,
) -> NDArray[np.int64]:
    """Draw nodes by weight, with replacement.

    The count of each node is drawn first, and the order afterwards. The distribution is that of
    independent draws, but no search is necessary for each of them.
    """
    import numpy as np

    times = generator.multinomial(count, weights / weights.sum())
    drawn = np.repeat(nodes, times)
    generator.shuffle(drawn)
    return drawn


def _add_edges(
    generator: np.random.Generator,
    num_nodes: int,
    found: NDArray[np.int64],
    draw: Callable[[int], NDArray[np.int64]],
    wanted: int,
) -> NDArray[np.int64]:
    """Add drawn edges until there are `wanted`, or until a round adds hardly any.

    Args:
        generator: Selects which surplus edges are dropped.
        num_nodes: N.
        found: The distinct edges so far, as ascending numbers u N + v.
        draw: Returns about as many pairs [2, P] as asked for; some may be self-loops or known.
        wanted: The target number of edges.

    Returns:
        Ascending numbers; `wanted` of them, or fewer if no new edges were drawn.
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
    """Return which ascending keys are among the ascending numbers."""
    import numpy as np

    if not len(ascending):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    known: NDArray[np.bool_] = ascending[places] == keys
    return known


def _sparse_features(
    generator: np.random.Generator, config: SyntheticConfig, y: NDArray[np.int64]
) -> scipy.sparse.csr_array:
    """Draw a CSR array [N, F] of ones, `active` in each row."""
    import numpy as np
    import scipy.sparse

    bounds = np.arange(config.active + 1) * config.num_features // config.active
    first, width = bounds[:-1], np.diff(bounds)
    preferred = generator.integers(width, size=(config.classes, config.active), dtype=np.int32)
    columns = generator.integers(width, size=(config.nodes, config.active), dtype=np.int32)
    from_class = generator.random(columns.shape, dtype=np.float32) < config.signal
    np.copyto(columns, preferred[y], where=from_class)
    columns += first.astype(np.int32)
    starts = np.arange(config.nodes + 1, dtype=np.int64) * config.active
    return scipy.sparse.csr_array(
        (np.ones(columns.size, dtype=np.float32), columns.ravel(), starts),
        shape=(config.nodes, config.num_features),
    )


def _dense_features(
    generator: np.random.Generator, config: SyntheticConfig, y: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Draw [N, F]: the mean of the class plus noise."""
    import numpy as np

    means = generator.standard_normal((config.classes, config.num_features), dtype=np.float32)
    x = generator.standard_normal((config.nodes, config.num_features), dtype=np.float32)
    x *= np.float32(1 - config.signal)
    x += np.float32(config.signal) * means[y]
    return x
