"""``find_label_errors(cleanlab=True)``: cleanlab's columns beside our own."""

import importlib.util
import tempfile

import fiftyone as fo
import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from fiftyone import ViewField as F
from sklearn.datasets import load_digits

from plugin.decisions.ranking import ranking
from plugin.store.runs import load_run
from plugin.store.scores import read_rank
from tests.panels.made_runs import digit_probabilities, planted
from tests.traces import database_of, temporary

N = 300
CLASSES = [str(i) for i in range(10)]


@pytest.fixture
def predicted(dataset):
    """Digits with planted errors and a field of real predictions; the probabilities (n, 10)."""
    labels = planted(np.asarray(load_digits(return_X_y=True)[1])[:N].tolist(), share=0.2)
    p, _ = digit_probabilities(tuple(labels), N)
    said = [
        fo.Classification(label=CLASSES[row.argmax()], logits=np.log(row), confidence=row.max())
        for row in p
    ]
    samples = dataset(N, labels=labels, fields={"model": said})
    samples.default_classes = CLASSES
    return samples, p


OPTIONS = {
    "label_field": "ground_truth",
    "source": "predictions",
    "prediction_fields": ["model"],
    "duplicates": False,
}


def test_the_columns_are_cleanlabs_own(predicted, operator, monkeypatch, tmp_path):
    samples, p = predicted
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = operator("find_label_errors")(samples, **OPTIONS, cleanlab=True)
    assert temporary() == set()
    samples.reload()
    label = np.array([int(name) for name in samples.values("ground_truth.label")])
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    score, issue = samples.values(["deconfuse_cleanlab_score", "deconfuse_cleanlab_issue"])
    np.testing.assert_allclose(score, get_label_quality_scores(label, p), atol=1e-6)
    expected = find_label_issues(label, p, n_jobs=1)
    assert issue == expected.tolist()
    assert 10 < expected.sum() < N / 2
    schema = samples.get_field_schema()
    assert isinstance(schema["deconfuse_cleanlab_issue"], fo.BooleanField)
    both = F("deconfuse_cleanlab_issue") & (F("deconfuse_suspicion") > 0)
    assert result["cleanlab"]["issues"] == expected.sum()
    assert result["cleanlab"]["both"] == len(samples.match(both)) > 0


def test_the_ranking_shows_where_both_agree(predicted, operator):
    samples, _ = predicted
    operator("find_label_errors")(samples, **OPTIONS, cleanlab=True)
    run = load_run(samples, "deconfuse")
    iteration = run.iteration()
    issue = read_rank(run, iteration, "cleanlab_issue")
    both = ranking(run, iteration, "both")
    assert both is not None
    assert issue is not None
    assert sorted(both.order.tolist()) == np.flatnonzero(issue).tolist()
    by_score = ranking(run, iteration, "cleanlab")
    assert by_score is not None
    worst = iteration.column("p_label")[by_score.order]
    assert (np.diff(worst) >= 0).all()


def test_an_iteration_without_it_empties_the_fields_and_delete_run_removes_them(
    predicted, operator
):
    samples, _ = predicted
    find = operator("find_label_errors")
    find(samples, **OPTIONS, cleanlab=True)
    assert "cleanlab" not in find(samples, **OPTIONS)
    samples.reload()
    assert set(samples.values("deconfuse_cleanlab_score")) == {None}
    assert set(samples.values("deconfuse_cleanlab_issue")) == {None}
    operator("delete_run")(samples, "deconfuse")
    assert not [name for name in samples.get_field_schema() if "cleanlab" in name]


def test_fields_are_completed_after_a_process_has_died(predicted, operator):
    from plugin.classify.job import complete_fields

    samples, _ = predicted
    operator("find_label_errors")(samples, **OPTIONS, cleanlab=True)
    run = load_run(samples, "deconfuse")
    kept = samples.values("deconfuse_cleanlab_score")
    samples.delete_sample_field("deconfuse_cleanlab_score")
    import fiftyone.core.odm as foo

    foo.get_db_conn()["deconfuse.iterations"].update_one(
        {"_id": run.iteration().id}, {"$set": {"fields_written": False}}
    )
    assert complete_fields(run)
    samples.reload()
    assert samples.values("deconfuse_cleanlab_score") == kept


def test_without_cleanlab_nothing_is_begun(predicted, operator, monkeypatch):
    samples, _ = predicted
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "cleanlab" else find_spec(n, *a)
    )
    before = database_of(samples)
    with pytest.raises(ValueError, match="cleanlab is not installed"):
        operator("find_label_errors")(samples, **OPTIONS, cleanlab=True)
    assert database_of(samples) == before
    with pytest.raises(ValueError, match="cleanlab must be True or False, got 'yes'"):
        operator("find_label_errors")(samples, **OPTIONS, cleanlab="yes")
