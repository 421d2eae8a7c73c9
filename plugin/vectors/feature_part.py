"""What workers do of a dataset's features: those of some images, by a pretrained network."""

from __future__ import annotations

import json
import shutil

import numpy as np
import torch

from ..errors import InputError
from ..learning.networks import Network
from ..progress import Report
from ..scratch import scratch_folder
from ..workers.part import Answer, Given
from .named_networks import named_network
from .network_features import network_features


def compute(given: Given, report: Report) -> Answer:
    """The features of images, or of boxes in them.

    Given the ``network`` (its ``name``, ``weights``, ``size`` and ``key``), the ``device``, the
    ``paths``, and ``boxes`` and ``windows`` or None.

    Returns:
        ``rows``, float16 (n, width), and the ``problems`` of those that cannot be read, by place

    Raises:
        InputError: if the network cannot be had, or has other weights than the one that was asked
            for
    """
    told = given.arguments
    asked = told["network"]
    name, weights, size = asked["name"], asked["weights"], asked["size"]

    def load() -> Network:
        return named_network(name, weights, size)

    network = given.held("network", json.dumps([name, weights, size]), load)
    if network.key != asked["key"]:
        raise InputError(f"network: '{network.name}' has other weights on a worker than here")
    boxes = None if told["boxes"] is None else np.array(told["boxes"], np.float64)
    folder = scratch_folder("features")
    try:
        rows, problems = network_features(
            list(told["paths"]),
            network,
            torch.device(told["device"]),
            folder,
            report,
            boxes=boxes,
            windows=told["windows"],
        )
        with np.errstate(over="ignore"):
            answer = rows.astype(np.float16)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Answer({"rows": answer}, {"problems": {str(i): why for i, why in problems.items()}})
