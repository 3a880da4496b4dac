"""What is wrong with an override by its form alone, before anything is composed."""

from __future__ import annotations

#: Hydra's keys that users may set: how a grid is launched. glt sets folders and logs itself.
HYDRA_KEYS = ("hydra/launcher", "hydra.launcher.", "hydra/sweeper", "hydra.sweeper.")


def override_problem(word: str) -> str | None:
    """Return what is wrong with an override by its form alone, or None."""
    key, equals, value = word.partition("=")
    if word.startswith("+") and not word.startswith("+hydra.launcher."):  # Ray's settings are open
        return f"{word}: the + isn't needed; {word.lstrip('+')} sets a key"
    if word.startswith("~"):
        return f"{word}: keys can't be removed; {word.lstrip('~')}=VALUE sets a key"
    if not equals or not key:
        return (
            f"'{word}' is neither KEY=VALUE nor GROUP=OPTION (as in seed=3 or method=imp); "
            "see glt run --help"
        )
    if key in ("method.name", "backbone.name", "dataset.name"):
        group = key.removesuffix(".name")
        return f"{word}: choose it with {group}=OPTION, not with its name key"
    if key.startswith("names"):
        return f"{word}: a run is named after the options it chooses"
    if key.startswith("preset"):
        return f"{word}: presets apply automatically; set the keys that they contain"
    if key == "hydra.mode":
        return f"{word}: use -m (--multirun)"
    if key.startswith("hydra.sweeper.params"):
        return f"{word}: give the values themselves, as in -m seed=0,1,2"
    if key.startswith("hydra") and not key.startswith(HYDRA_KEYS):
        return (
            f"{word}: of Hydra only the launcher and its options can be set, as in "
            "hydra/launcher=joblib hydra.launcher.n_jobs=2; output_dir= says where results go"
        )
    if key in _EXAMPLES and value in ("", "null"):
        return f"{word}: choose a {_EXAMPLES[key]}"
    return None


_EXAMPLES = {
    "method": "method, for example method=imp",
    "backbone": "backbone, for example backbone=gcn",
    "dataset": "data set, for example dataset=cora",
}
