"""One search with its outcome, as a row of a table or a line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare.render import NOTHING, format_estimate
from glt_cli.config import Config
from glt_cli.config.request import Point
from glt_cli.config.variants import name_of
from glt_cli.sweep.search.find_extreme import SearchOutcome, Trial
from glt_cli.sweep.search.ladder import GRAPH_SPARSITY, PRUNABLE, describe


@dataclass(frozen=True)
class FinishedSearch:
    """A search with its outcome.

    Attributes:
        config: Its configuration at the rung that is tried first.
        varied: Other settings that distinguish it from the other searches.
        outcome: Its outcome.
    """

    config: Config
    varied: Mapping[str, str]
    outcome: SearchOutcome

    @property
    def method(self) -> str:
        """Label of the method in tables."""
        return self.outcome.label or name_of(self.config)

    @property
    def names(self) -> dict[str, str]:
        """What distinguishes it from other searches, by the headings of the table."""
        return {
            "method": self.method,
            "backbone": self.config.backbone_name,
            "data set": self.config.dataset_name,
            **self.varied,
        }

    @property
    def title(self) -> str:
        """Its name in a line of text."""
        others = [f"{key}={value}" for key, value in self.varied.items() if value != NOTHING]
        return ", ".join(
            [self.config.backbone_name, self.config.dataset_name, self.method, *others]
        )

    def extreme(self, key: str, pruned: str) -> float | None:
        """The sparsity at the last rung that holds, or the fixed one if the ladder has none.

        None if no rung holds or none was found.
        """
        if key not in PRUNABLE[pruned]:
            return sparsity(self.config, key)
        found = self.outcome.found
        return found.rung[PRUNABLE[pruned].index(key)] if found else None


def sparsity(config: Config, key: str) -> float:
    """The target graph or weight sparsity."""
    return config.sparsity.graph if key == GRAPH_SPARSITY else config.sparsity.weight


def varied_in(combinations: Sequence[Point]) -> list[dict[str, str]]:
    """Settings that distinguish searches and have no column of their own in the table."""
    from glt_cli.sweep.summary import varied_keys

    shown = ("method", "backbone", "dataset", "sparsity.graph", "sparsity.weight", "seed")
    return varied_keys(combinations, shown)


def progress_line(pruned: str, result: FinishedSearch) -> str:
    """Describe the latest trial or the test of a search in a line."""
    outcome = result.outcome
    if outcome.test:
        trial, split, seeds, conclusion = outcome.test, "test", "fresh seed", outcome.verdict
    else:
        trial, split, seeds = outcome.trials[-1], "validation", "seed"
        conclusion = "holds" if trial.holds else "fails"
    count = len(trial.by_seed)
    return (
        f"{result.title}: {describe(pruned, trial.rung)}: {split} {difference_text(trial)} points "
        f"({count} {seeds}{'' if count == 1 else 's'}): {conclusion}"
    )


def difference_text(trial: Trial | None) -> str:
    """Ticket minus dense in points, with its deviation."""
    return format_estimate("difference", trial.difference if trial else None)
