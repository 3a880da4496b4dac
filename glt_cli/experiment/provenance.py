"""Provenance of numbers: versions, commit, device, times, peak memory."""

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
    """The provenance of one run, from its start."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.started = now()
        reset_peak_memory(device)

    def peak_memory_mb(self) -> float:
        """Peak memory so far, in MiB."""
        return round(peak_memory_mb(self.device), 1)

    def fields(self) -> dict[str, Any]:
        """Fields of the run's record; the run ends now."""
        return {
            "device": device_name(self.device),
            "versions": versions(),
            "commit": commit(),
            "started": self.started,
            "finished": now(),
        }


def versions() -> str:
    """Versions of glt, Python and the packages that compute the numbers."""
    parts = [f"glt {glt_cli.__version__}", f"python {platform.python_version()}"]
    for package in ("torch", "torch-geometric", "numpy", "scipy", "hydra-core"):
        parts.append(f"{package} {importlib.metadata.version(package)}")
    return ", ".join(parts)


def commit() -> str | None:
    """Commit of glt's checkout, `-dirty` if files were changed; None outside a checkout."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--abbrev=40", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def device_name(device: torch.device) -> str:
    """The device's name for people."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def reset_peak_memory(device: torch.device) -> None:
    """Start measuring the peak; on CPU this works on Linux only."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb(device: torch.device) -> float:
    """Peak since the reset, in MiB: of device memory on CUDA, of the process on CPU.

    Without a reset it is the peak since the process started.
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
