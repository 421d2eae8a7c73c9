"""The forms of the annotation operators in the real App, with a real Label Studio behind them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.label_errors_panel import CLASSES, largest, truth
from tests.browser.operator_forms import box, form_of, pick


def test_a_cell_is_sent_and_its_answers_fetched(
    app: Any, digits_run: Any, label_studio: Any
) -> None:
    dataset, p = digits_run
    counts = truth(dataset, p)
    label, prediction = largest(counts)
    ids = [
        i
        for i, name, guess in zip(
            dataset.values("id"), dataset.values("ground_truth.label"), p.argmax(1), strict=True
        )
        if (name, guess) == (CLASSES[label], prediction)
    ]
    ada = label_studio.annotator("Ada", "Lovelace")
    before = label_studio.projects()  # others' tests may have used the same server

    app.open(dataset)
    form = form_of(app, "Label errors: send to annotation")
    pick(app, box(form, "Label"), CLASSES[label])
    pick(app, box(form, "Prediction"), CLASSES[prediction])
    box(form, "URL").fill(label_studio.url)
    execute = app.page.get_by_role("button", name="Execute")
    expect(execute).to_be_enabled()
    execute.click()
    expect(app.page.get_by_text("api_key: Label Studio needs it").first).to_be_visible()
    assert label_studio.projects() == before

    form = form_of(app, "Label errors: send to annotation")
    pick(app, box(form, "Label"), CLASSES[label])
    pick(app, box(form, "Prediction"), CLASSES[prediction])
    box(form, "URL").fill(label_studio.url)
    box(form, "API key").fill(label_studio.token)
    expect(execute).to_be_enabled()
    execute.click()
    sent = app.page.get_by_text(f"{len(ids)} samples sent to Label Studio").first
    expect(sent).to_be_visible()

    dataset.reload()
    (key,) = dataset.list_annotation_runs()
    made = dataset.load_annotation_results(key, cache=False, **label_studio.credentials)
    tasks = {sample: task for task, sample in made.uploaded_tasks.items()}
    assert set(tasks) == set(ids)
    ada.choose(tasks[ids[0]], key, [CLASSES[prediction]])
    form = form_of(app, "Label errors: fetch annotation")
    box(form, "API key").fill(label_studio.token)
    expect(execute).to_be_enabled()
    execute.click()
    expect(app.page.get_by_text(f"1 of {len(ids)} samples").first).to_be_visible()
    assert dataset[ids[0]].ground_truth.label == CLASSES[prediction]
    assert app.errors == []
