import numpy as np
import pytest

from glt_cli.data import checksums

ARRAYS = {"a": np.arange(6, dtype="<u2"), "b": np.zeros(2)}


def test_order_of_arrays_and_memory_layout_do_not_matter() -> None:
    square = np.arange(6).reshape(2, 3)
    turned = {"b": ARRAYS["b"], "a": ARRAYS["a"]}
    assert checksums.of_arrays(ARRAYS) == checksums.of_arrays(turned)
    assert checksums.of_arrays({"a": square}) == checksums.of_arrays(
        {"a": np.asfortranarray(square)}
    )


@pytest.mark.parametrize(
    "other",
    [
        {"c": ARRAYS["a"], "b": ARRAYS["b"]},
        {"a": ARRAYS["a"].reshape(2, 3), "b": ARRAYS["b"]},
        {"a": ARRAYS["a"].astype("<i2"), "b": ARRAYS["b"]},
        {"a": ARRAYS["a"][::-1], "b": ARRAYS["b"]},
        {"a": ARRAYS["a"]},
    ],
    ids=["name", "shape", "dtype", "values", "fewer"],
)
def test_anything_else_matters(other: dict[str, np.ndarray]) -> None:
    assert checksums.of_arrays(other) != checksums.of_arrays(ARRAYS)
