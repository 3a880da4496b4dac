"""Matrices on disk: dense, or as the entries that aren't zero where that is smaller."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def stored_matrices(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store each matrix `map.K` in its smaller form; other tensors stay as they are."""
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if not name.startswith("map."):
            stored[name] = tensor.detach().contiguous()
            continue
        matrix = tensor.detach().to_sparse_csr()
        columns = matrix.col_indices()
        small = torch.int16 if tensor.shape[1] < 2**15 else torch.int32
        parts = {
            f"{name}.starts": matrix.crow_indices().int(),
            f"{name}.columns": columns.to(small),
            f"{name}.values": matrix.values(),
            f"{name}.width": torch.tensor([tensor.shape[1]]),
        }
        size = sum(part.numel() * part.element_size() for part in parts.values())
        if size < tensor.numel() * tensor.element_size():
            stored |= parts
        else:
            stored[name] = tensor.detach().contiguous()
    return stored


def whole_matrices(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Read what `stored_matrices` stored: dense matrices, and the other tensors.

    Raises:
        KeyError, RuntimeError: Parts are missing or don't fit.
    """
    tensors = {}
    for name, tensor in stored.items():
        base, _, part = name.rpartition(".")
        if not base.startswith("map."):
            tensors[name] = tensor
        elif part == "starts":
            shape = (tensor.numel() - 1, int(stored[f"{base}.width"]))
            columns, values = stored[f"{base}.columns"].int(), stored[f"{base}.values"]
            matrix = torch.sparse_csr_tensor(tensor, columns, values, shape, check_invariants=True)
            tensors[base] = matrix.to_dense()
    return tensors
