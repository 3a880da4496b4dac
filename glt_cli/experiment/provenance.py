"""Where numbers come from: versions, commit, device, peak memory."""

from __future__ import annotations

import importlib.metadata
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import glt_cli


class Provenance:
    """Where one run's numbers come from, from its beginning on."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.started = now()
        reset_peak_memory(device)

    def peak_memory_mb(self) -> float:
        """Peak so far, MiB."""
        return round(peak_memory_mb(self.device), 1)

    def fields(self) -> dict[str, Any]:
        """Fields of the run's record, as it ends now."""
        return {
            "device": device_name(self.device),
            "versions": versions(),
            "commit": commit(),
            "started": self.started,
            "finished": now(),
        }


def versions() -> str:
    """Versions of what computes the numbers."""
    parts = [f"glt {glt_cli.__version__}", f"python {platform.python_version()}"]
    for package in ("torch", "torch-geometric", "numpy", "scipy", "hydra-core"):
        parts.append(f"{package} {importlib.metadata.version(package)}")
    return ", ".join(parts)


def commit() -> str | None:
    """Commit of glt's checkout, marked where files were changed; None outside a checkout."""
    checkout = Path(glt_cli.__file__).resolve().parent.parent
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def now() -> str:
    """The time, to the second, with its zone."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def device_name(device: torch.device) -> str:
    """The device as a person would name it."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def reset_peak_memory(device: torch.device) -> None:
    """Begin measuring the peak of this run; on CPU where the system lets us (Linux)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb(device: torch.device) -> float:
    """Peak since the reset, MiB: of the device's memory on CUDA, of the process on CPU.

    Where the system has no such reset it is the peak since the process began.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
