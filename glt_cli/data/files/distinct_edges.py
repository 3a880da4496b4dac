"""Pairs of nodes without their copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def distinct_edges(
    pairs: NDArray[np.int64], num_nodes: int, directed: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different edges [2, E] of pairs [2, M], and the place of each pair among them [M].

    Without directions, a pair and its reverse are one edge, smaller node first.
    """
    import numpy as np

    if not directed:
        pairs = np.sort(pairs, axis=0)
    keys, place = np.unique(pairs[0] * num_nodes + pairs[1], return_inverse=True)
    return np.stack(np.divmod(keys, num_nodes)), place
