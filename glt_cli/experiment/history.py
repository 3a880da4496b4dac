"""A run's history: one row per epoch, also passed on to the observer."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict, dataclass, field, fields
from statistics import fmean
from typing import Any

from glt_cli.experiment.log import Log
from glt_cli.experiment.observer import RunObserver
from glt_cli.pruning.masks import KINDS
from glt_cli.training.loop import Epoch, Observer


@dataclass
class HistoryRecorder(Observer):
    """Collects epochs for `history.csv` and passes them on to the run's observer."""

    shown: RunObserver
    log: Log
    rows: list[dict[str, object]] = field(default_factory=list)

    def note(self, message: str, once: bool = False) -> None:
        """Write a message to the log and the observer; `once` shows it only once."""
        self.log.write(message)
        self.shown.say(message, once)

    def begin(self, phase: str, epochs: int) -> None:
        """See loop.Observer."""
        self.log.write(f"{phase}: {epochs} epochs")
        self.shown.begin(phase, epochs)
        for row in self.rows:  # of an interrupted run: the best score includes them
            if row["phase"] == phase:
                self._show(row)

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See loop.Observer."""
        self.rows.append(
            asdict(epoch) | {"graph_sparsity": graph_sparsity, "weight_sparsity": weight_sparsity}
        )
        self._show(self.rows[-1])

    def exchange(self, exchanged: dict[str, float], moved: dict[str, float]) -> None:
        """See loop.Observer."""
        for what in exchanged:
            self.rows[-1] |= {f"{what}_exchanged": exchanged[what], f"{what}_moved": moved[what]}

    def _show(self, row: dict[str, Any]) -> None:
        epoch = Epoch(*(row[item.name] for item in fields(Epoch)))
        self.shown.epoch(epoch, row["graph_sparsity"], row["weight_sparsity"])

    def late_val(self, phase: str) -> float:
        """Mean validation score of the last quarter of a phase, which no selection flatters."""
        scores = [float(str(row["val"])) for row in self.rows if row["phase"] == phase]
        return fmean(scores[-math.ceil(len(scores) / 4) :])

    def history(self) -> str:
        """All epochs so far as CSV; an exchange is in the row of the epoch before it."""
        columns = ["phase", "number", "loss", "val", "graph_sparsity", "weight_sparsity"]
        columns += [f"{what}_{did}" for did in ("exchanged", "moved") for what in KINDS]
        file = io.StringIO()
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writerow(dict(zip(columns, ["phase", "epoch", *columns[2:]], strict=True)))
        writer.writerows(self.rows)
        return file.getvalue()
