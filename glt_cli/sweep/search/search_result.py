"""One search with what it came to, as a table's row or a line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare.render import written
from glt_cli.config import Config
from glt_cli.config.request import Point
from glt_cli.config.variants import name_of
from glt_cli.sweep.search.find_extreme import Answer, Trial
from glt_cli.sweep.search.ladder import EDGES, SIDES, said


@dataclass(frozen=True)
class Result:
    """A search and what it came to.

    Attributes:
        config: Its settings at the rung that was tried first.
        varied: What else sets it apart from the other searches, beside what every table shows.
        answer: What it came to.
    """

    config: Config
    varied: Mapping[str, str]
    answer: Answer

    @property
    def method(self) -> str:
        """The method as tables call it."""
        return self.answer.label or name_of(self.config)

    @property
    def names(self) -> dict[str, str]:
        """What tells it from other searches, by the headings of the table."""
        return {
            "method": self.method,
            "backbone": self.config.backbone_name,
            "data set": self.config.dataset_name,
            **self.varied,
        }

    @property
    def title(self) -> str:
        """Its name in a line of text."""
        others = [f"{key}={value}" for key, value in self.varied.items()]
        return ", ".join(
            [self.config.backbone_name, self.config.dataset_name, self.method, *others]
        )

    def removed(self, key: str, side: str) -> float | None:
        """The share that is removed by its answer; None where no rung holds, or none is found."""
        if key not in SIDES[side]:
            return share(self.config, key)
        found = self.answer.found
        return found.rung[SIDES[side].index(key)] if found else None


def share(config: Config, key: str) -> float:
    """The target share of edges or of weights."""
    return config.sparsity.graph if key == EDGES else config.sparsity.weight


def varied_in(combinations: Sequence[Point]) -> list[dict[str, str]]:
    """What sets searches apart beside the columns that their table has anyway."""
    from glt_cli.sweep.summary import varied_keys

    shown = ("method", "backbone", "dataset", "sparsity.graph", "sparsity.weight", "seed")
    return varied_keys(combinations, shown)


def progress(side: str, result: Result) -> str:
    """What the latest runs of a search came to, in a line."""
    answer = result.answer
    if answer.test:
        trial, what, seeds, end = answer.test, "test", "fresh seed", answer.verdict
    else:
        trial, what, seeds = answer.trials[-1], "validation", "seed"
        end = "holds" if trial.holds else "fails"
    count = len(trial.by_seed)
    return (
        f"{result.title}: {said(side, trial.rung)}: {what} {gap(trial)} points "
        f"({count} {seeds}{'' if count == 1 else 's'}): {end}"
    )


def gap(trial: Trial | None) -> str:
    """Ticket minus dense in points, with its deviation."""
    return written("difference", trial.difference if trial else None)
