"""MACs as the papers count them: the formulas behind their published numbers."""

from __future__ import annotations


def ugs_macs(
    nodes: int,
    edges: int,
    features: int,
    hidden: int,
    classes: int,
    graph_sparsity: float,
    weight_sparsity: float,
) -> float:
    """MACs of a two-layer GCN as UGS counts them: N·H·(F+C)·(1−s_θ) + 2|E|·2H·(1−s_g)."""
    linear = nodes * hidden * (features + classes) * (1 - weight_sparsity)
    return linear + 2 * edges * 2 * hidden * (1 - graph_sparsity)


def gebt_macs(nodes: int, edges: int, hidden: int, classes: int, layers: int) -> int:
    """MACs of a ResGCN as GEBT counts them: (L−1)(N·H² + |E|·H) + N·H·C + |E|·H."""
    inner = (layers - 1) * (nodes * hidden**2 + edges * hidden)
    return inner + nodes * hidden * classes + edges * hidden
