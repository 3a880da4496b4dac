import pytest

from glt_cli import tables
from glt_cli.report.names import metric_name


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "hits@50", "other"])
def test_metrics_are_called_as_in_other_tables(metric: str) -> None:
    assert metric_name(metric) == tables.metric_name(metric)
