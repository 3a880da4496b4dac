"""Choose the device of a run."""

from __future__ import annotations

import torch

from glt_cli.config import device_problem
from glt_cli.errors import UserError


def resolve(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:k` into an available device.

    Raises:
        UserError: The name is invalid, or this machine doesn't have the device.
    """
    if problem := device_problem(name):
        raise UserError(problem)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise UserError(
                f"device={name}: there is no CUDA device that torch {torch.__version__} can use "
                "here; use device=cpu or device=auto"
            )
        if device.index is not None and device.index >= count:
            raise UserError(
                f"device={name}: this machine has cuda:0 to cuda:{count - 1}"
                if count > 1
                else f"device={name}: this machine has only cuda:0"
            )
    return device
