"""The dense models that a ticket is compared with besides its run's own.

A ticket may be trained at another rate than the dense model of its run. Then that difference is one
between trainers too, and the dense model of the ticket's trainer belongs beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from glt_cli.analysis.compare.fields import targets_text
from glt_cli.analysis.compare.runs import ComparedRun

#: What a ticket's training may have of its own (`retrain.lr`, …).
_TRAINER = ("lr", "weight_decay", "epochs")

#: What dense models must share to be compared: model, data, and the rest of the trainer.
_PREFIXES = ("backbone.", "dataset.", "trainer.")


def ticket_trainer(settings: Mapping[str, object]) -> dict[str, object]:
    """How a run's ticket is trained: as its dense model, but for what `retrain.` says."""
    trained = {}
    for name in _TRAINER:
        own = settings.get(f"retrain.{name}")
        trained[f"trainer.{name}"] = settings.get(f"trainer.{name}") if own is None else own
    return trained


def has_own_trainer(settings: Mapping[str, object]) -> bool:
    """Whether a run's ticket is trained otherwise than its dense model."""
    return any(settings.get(key) != value for key, value in ticket_trainer(settings).items())


def matched_differences(
    group: Sequence[ComparedRun], all_runs: Iterable[ComparedRun]
) -> list[float]:
    """Test score of each ticket minus that of the dense model of its own trainer, same seed.

    Args:
        group: Runs of one setting.
        all_runs: Where dense runs of that trainer are looked for, if it is not the dense model's.

    Returns:
        A fraction for each seed; nothing if the dense model of a seed is missing.
    """
    if not has_own_trainer(group[0].settings):
        dense = {run.record.seed: run.record.dense_test for run in group}
    else:
        wanted = _dense_key(group[0], ticket_trainer(group[0].settings))
        dense = {
            run.record.seed: run.record.ticket_test
            for run in sorted(all_runs, key=lambda run: run.record.finished)
            if run.record.method == "dense" and _dense_key(run, {}) == wanted
        }
    found = []
    for run in group:
        beside = dense.get(run.record.seed)
        if beside is None or run.record.ticket_test is None:
            return []
        found.append(run.record.ticket_test - beside)
    return found


def notes_on_dense_models(
    runs: Sequence[ComparedRun], all_runs: Sequence[ComparedRun] = ()
) -> Iterator[str]:
    """What a reader must know of the dense models beside the tickets.

    Args:
        runs: The runs of the table.
        all_runs: Where dense models are looked for too, though the table leaves them out.
    """
    dense_runs = [run for run in all_runs or runs if run.record.method == "dense"]
    commands: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        if has_own_trainer(run.settings) and run.record.method != "dense":
            own = [
                f"{key.partition('.')[2]} {_text(value)} instead of {_text(run.settings.get(key))}"
                for key, value in ticket_trainer(run.settings).items()
                if run.settings.get(key) != value
            ]
            name = f"{run.record.label} ({run.record.backbone} on {run.record.dataset})"
            commands[f"trained with {', '.join(own)}"].append(name)
    for how, names in commands.items():
        yield (
            f"Tickets of {', '.join(dict.fromkeys(names))} are {how} for their dense models; "
            "trainer=matched trains all alike."
        )
    missing = {
        " ".join(f"{key}={_text(value)}" for key, value in ticket_trainer(run.settings).items())
        for run in runs
        if run.is_done
        and has_own_trainer(run.settings)
        and not matched_differences([run], dense_runs)
    }
    for words in sorted(missing):
        yield f"For the dense model of that trainer: glt run -m method=dense {words} and the seeds."
    yield from _best_dense(runs)
    yield from _small_dense(runs)


def _best_dense(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """Where dense models of several trainers are there, name the one that validates best."""
    tasks: dict[tuple[object, ...], dict[tuple[object, ...], list[ComparedRun]]] = {}
    for run in runs:
        if run.record.method == "dense" and run.is_done:
            task = (run.record.backbone, run.record.dataset)
            tasks.setdefault(task, {}).setdefault(_dense_key(run, {}), []).append(run)
    for (backbone, dataset), settings in tasks.items():
        if len(settings) < 2:
            continue
        best = max(
            settings.values(), key=lambda some: fmean(r.record.ticket_val or 0 for r in some)
        )
        keys = sorted({key for some in settings.values() for key in some[0].settings})
        differing = [
            f"{key}={_text(best[0].settings.get(key))}"
            for key in keys
            if key.startswith(_PREFIXES)
            and len({repr(some[0].settings.get(key)) for some in settings.values()}) > 1
        ]
        score = 100 * fmean(run.record.ticket_test or 0 for run in best)
        yield (
            f"Best dense model of {backbone} on {dataset} by validation: {', '.join(differing)}, "
            f"{score:.2f} on test (seeds: {len(best)})."
        )


#: Backbone, data set and targets.
_Task = tuple[str, str, tuple[float, float]]
#: Method and configuration.
_Setting = tuple[str, str]


def _small_dense(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """Say plainly which tickets a dense model with as many weights is ahead of.

    Of a method with several settings it is the best one.
    """
    tasks: dict[_Task, dict[_Setting, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for run in sorted(runs, key=lambda run: run.record.finished):
        record = run.record
        if run.is_done and any(run.targets) and record.control == "none":
            task = record.backbone, record.dataset, run.targets
            setting = record.label, record.config_hash
            tasks[task][setting][record.seed] = record.ticket_test or 0.0
    for (backbone, dataset, targets), settings in tasks.items():
        small: dict[int, float] = {}
        for (label, _), scores in settings.items():
            small |= scores if label == "small_dense" else {}
        ahead: dict[str, float] = {}
        for (label, _), scores in settings.items():
            seeds = scores.keys() & small.keys()
            if label != "small_dense" and seeds:
                margin = 100 * fmean(small[seed] - scores[seed] for seed in seeds)
                ahead[label] = min(margin, ahead.get(label, margin))
        behind = [f"{label} ({margin:+.2f})" for label, margin in ahead.items() if margin > 0]
        if behind:
            yield (
                f"small_dense, with as many weights and all edges, is ahead of "
                f"{', '.join(behind)}: {backbone} on {dataset}, {targets_text(targets)}, mean over "
                "common seeds."
            )


def _dense_key(run: ComparedRun, changed: Mapping[str, object]) -> tuple[object, ...]:
    settings = {k: v for k, v in run.settings.items() if k.startswith(_PREFIXES)} | dict(changed)
    return (run.record.device.partition(" ")[0], *sorted((k, repr(v)) for k, v in settings.items()))


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
