"""What cross-validated heads say of tags, on stored embeddings or a network's features."""

from __future__ import annotations

from ..arrays import Vectors
from ..classify.kept_together import grouped, groups_to_keep
from ..classify.settings import Settings
from ..images.windows import windows_of
from ..learning.device import reproducible
from ..learning.heads import FOLDS
from ..learning.sigmoid_heads import tags_out_of_fold
from ..progress import Report, part_of
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.embeddings import EmbeddingVectors
from ..vectors.named_networks import named_network
from ..vectors.spread_features import features_by
from .out_of_fold import OutOfFoldTags, only

SHARE_OF_VECTORS = 0.7


class HeadTags(OutOfFoldTags):
    """Judges each image by heads that were fitted on the other folds, one sigmoid a class.

    Args:
        samples: a dataset or view
        settings: ``source`` is ``embeddings`` or ``features``

    Raises:
        InputError: if the vectors cannot be had
    """

    def __init__(self, samples: Collection, settings: Settings):
        super().__init__(samples, settings, settings.folds or FOLDS)
        self._vectors = self._network = None
        if settings.source == "embeddings":
            self._vectors = EmbeddingVectors(samples, str(settings.embeddings))
            self.notes["embeddings_from"] = self._vectors.kind
        else:
            self._network = named_network(settings.network, settings.weights, settings.image_size)
            self.notes["network"] = self._network.name

    def prepare(self, report: Report) -> None:
        """Read or compute the vectors, then fit and ask the heads fold by fold."""
        tags, paths = self._read()
        vectors, problems = self._vectors_of(tags.ids, paths, part_of(report, 0, SHARE_OF_VECTORS))
        usable = self._usable(tags, paths, problems)
        self._tags = only(tags, usable)
        rows = vectors if len(usable) == len(vectors) else vectors[usable]
        ids, paths = self._tags.ids, [paths[i] for i in usable]
        told = part_of(report, SHARE_OF_VECTORS, 0.75)
        groups = groups_to_keep(self._samples, self._settings, ids, paths, rows, told)
        self.notes |= grouped(groups)
        with reproducible(self._settings.seed):
            said = tags_out_of_fold(
                rows,
                self._tags.table(len(self.classes)),
                groups,
                self._settings.seed,
                self._folder,
                folds=self._folds,
                device=self._device,
                report=part_of(report, 0.75, 1.0),
            )
        self._keep(said)

    def _vectors_of(
        self, ids: list[str], paths: list[str], report: Report
    ) -> tuple[Vectors, dict[int, str]]:
        if self._vectors is not None:
            return self._vectors.read(ids, self._folder, report)
        assert self._network is not None, "one of the two is there"
        settings = self._settings
        features, problems, _ = features_by(
            settings.workers,
            {"dataset_id": root_dataset(self._samples)._doc.id, "run_key": settings.run_key},
            (settings.network, settings.weights, settings.image_size),
            paths,
            self._network,
            self._device,
            self._folder,
            report,
            windows=windows_of(paths),
        )
        return features, problems
