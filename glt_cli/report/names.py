"""Metrics as people write them."""

from __future__ import annotations


def metric_name(metric: str) -> str:
    """Write a metric as `tables.metric_name` does, which needs torch."""
    return {"roc_auc": "ROC-AUC", "hits@50": "Hits@50"}.get(metric, metric)
