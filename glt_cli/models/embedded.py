"""A backbone for nodes without features: each gets an embedding, trained with the weights."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from glt_cli.models.backbone import Backbone, LayerSize
from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix


class Embedded(Backbone):
    """A backbone on learned node embeddings, which are never pruned."""

    def __init__(self, backbone: Backbone, num_nodes: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(num_nodes, width))
        nn.init.xavier_uniform_(self.embedding)
        self.backbone = backbone

    @property
    def reach(self) -> int | None:
        """See Backbone."""
        return self.backbone.reach

    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """See Backbone; x holds node indices, int64 [N]."""
        features = self.embedding.index_select(0, cast(Tensor, x))
        result: Tensor = self.backbone(features, graph, edges)
        return result

    def sizes(self, sparse_input: bool) -> list[LayerSize]:
        """See Backbone."""
        return [size.inside("backbone") for size in self.backbone.sizes(sparse_input)]
