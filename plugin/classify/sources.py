"""Where an iteration's class probabilities come from, by its settings."""

from __future__ import annotations

from ..runs.life import begins_anew
from ..scoring.batches import Source
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from .from_votes import LabelsAlone
from .journal_run import run_so_far
from .settings import Settings
from .voted import VotedSource


def open_source(samples: Collection, settings: Settings) -> Source:
    """What classifies samples as the settings say, with the votes of people where they ask for it.

    Raises:
        InputError: if the settings and the samples do not go together
    """
    alone = _source_alone(samples, settings)
    if not settings.vote_fields and not settings.journal_votes:
        return alone
    return VotedSource(alone, samples, settings, run_so_far(samples, settings))


def _source_alone(samples: Collection, settings: Settings) -> Source:
    # Imported where they are used: torch and the zoo take seconds, and the App imports this file.
    anew = begins_anew(root_dataset(samples), settings.run_key) is not None
    decision_field = "_deconfuse_none" if anew else f"{settings.run_key}_decision"
    if settings.source == "predictions":
        from .from_fields import PredictionSource

        return PredictionSource(
            samples, settings.label_field, settings.prediction_fields, decision_field
        )
    if settings.source == "votes":
        return LabelsAlone(samples, settings, decision_field)
    if settings.source == "embeddings":
        from .from_embeddings import EmbeddingSource

        return EmbeddingSource(samples, settings, decision_field)
    if settings.source == "features":
        from .from_features import FeatureSource

        return FeatureSource(samples, settings, decision_field)
    from .from_training import TrainingSource

    return TrainingSource(samples, settings, decision_field)
