"""Who watches a run: the display, its log, and its history."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, field

from glt_cli.display import Display, Log
from glt_cli.training import Epoch


@dataclass
class Watcher:
    """Passes epochs on to the display and keeps them for `history.csv`."""

    display: Display
    log: Log
    rows: list[dict[str, object]] = field(default_factory=list)

    def note(self, message: str, once: bool = False) -> None:
        """Say something to the person and to the log; to the person perhaps `once` only."""
        self.log.write(message)
        self.display.say(message, once)

    def begin(self, phase: str, epochs: int) -> None:
        """See training.Observer."""
        self.log.write(f"{phase}: {epochs} epochs")
        self.display.begin(phase, epochs)

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See training.Observer."""
        self.rows.append(
            asdict(epoch) | {"graph_sparsity": graph_sparsity, "weight_sparsity": weight_sparsity}
        )
        self.display.epoch(epoch, graph_sparsity, weight_sparsity)

    def history(self) -> str:
        """All epochs so far, as CSV."""
        columns = ["phase", "number", "loss", "val", "graph_sparsity", "weight_sparsity"]
        file = io.StringIO()
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writerow(dict(zip(columns, ["phase", "epoch", *columns[2:]], strict=True)))
        writer.writerows(self.rows)
        return file.getvalue()
