"""The contract of the panel: every event, what it is asked and what it answers.

This is the only place where the Python and the TypeScript side meet. ``scripts/panel_events.py``
writes ``panels/web/src/events.ts`` from it, and a test fails where the two differ.

A *row* is a row of the iteration (see ``docs/kept.md``), a *class* an index into its
classes. Rows of an iteration never change their meaning, so both sides may keep what they know.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Order = Literal["count", "errors"]
Features = Literal["embedding", "pixels", "saliency"]
Colour = Literal["label", "prediction", "decision", "suspicion", "disagreement"]
RankBy = Literal[
    "suspicion", "confidence", "importance", "disagreement", "cleanlab", "both", "votes"
]
Action = Literal["relabel", "confirm", "remove", "tag"]
ObjectAction = Literal["relabel", "confirm", "remove", "add", "move"]
Variant = Literal["success", "warning", "error", "info"]
ErrorKind = Literal["input", "unexpected"]
DuplicateScope = Literal["same_prediction", "all"]
DuplicateKind = Literal["leak", "conflict", "alike"]
GroupAction = Literal["keep_one", "keep_all", "relabel_alike", "remove"]


class Problem(TypedDict):
    """An error, said in words; ``detail`` says where the server's log has an unexpected one."""

    kind: ErrorKind
    message: str
    detail: str


class IterationInfo(TypedDict):
    """One iteration of a run; ``agreement`` is the share of labels equal to the prediction.

    ``id`` is another one for each iteration there ever was, and stays when the run is renamed.
    ``chosen`` says what was done and why, and what was noticed of it. ``notes`` are sentences:
    warnings, how much each of several models counts, and the classes whose labels could not be
    judged. With ``objects`` rows are not samples but objects, and ``classes`` as an index is
    *nothing*: a label that is missing, or a prediction that nothing is there. With ``tags`` as well
    they are tags of whole images, which have no boxes; all else is as for objects.
    """

    id: str
    number: int
    objects: bool
    tags: bool
    samples: int
    classes: int
    misclassified: int
    agreement: float
    source: str
    chosen: str
    created_at: str
    has_features: bool
    has_model: bool
    notes: list[str]


class WorkedOut(TypedDict):
    """What is worked out beside the iterations: each text changes when something of it does."""

    maps: str
    scores: str
    duplicates: str
    rounds: str


class RunInfo(TypedDict):
    """One run of the dataset; ``again`` is what the last iteration was made with, in JSON.

    ``problem`` says what keeps it from being worked on, such as a label field that was renamed.
    """

    key: str
    label_field: str
    problem: str | None
    again: str
    worked_out: WorkedOut
    iterations: list[IterationInfo]


class Job(TypedDict):
    """What is being computed on a run, or on none (``run`` is empty then).

    ``progress`` from 0 to 1 and ``left``, the seconds of all that is left, are None while nobody
    knows; ``seconds`` have passed.
    """

    run: str
    task: str
    progress: float | None
    label: str
    left: float | None
    seconds: float
    cancelling: bool


class Ended(TypedDict):
    """What became of work that was started from the App, until a person has dismissed it."""

    id: str
    run: str
    task: str
    variant: Variant
    text: str


class NoRequest(TypedDict):
    """Nothing is asked."""


class StatusReply(TypedDict):
    """What the dataset has; ``label_fields`` are the fields that a run can clean."""

    dataset: str | None
    dataset_id: str
    media_type: str
    samples: int
    label_fields: list[str]
    runs: list[RunInfo]
    jobs: list[Job]
    ended: list[Ended]


class RunRequest(TypedDict):
    """A run by its key."""

    run: str


class EndedRequest(TypedDict):
    """Work that has ended, by the id of its outcome."""

    ended: str


class PulseReply(TypedDict):
    """What tells an idle panel that something changed; ``iteration`` is the last one, 0 if none."""

    revision: int
    iteration: int
    worked_out: WorkedOut | None
    jobs: list[Job]
    ended: list[Ended]
    problem: str | None


class IterationRequest(TypedDict):
    """One iteration of a run.

    With ``annotator`` all that is shown are the samples on which that person voted; with ``said``
    and ``meant`` where they voted for one class and the prediction is the other.
    """

    run: str
    iteration: int
    annotator: NotRequired[str | None]
    said: NotRequired[int | None]
    meant: NotRequired[int | None]


class Progress(TypedDict):
    """How far the run is; ``decisions`` counts the standing ones by kind."""

    samples: int
    open: int
    open_wrong: int
    wrong: int
    decisions: dict[str, int]
    expected_errors: float


class CellColumns(TypedDict):
    """Cells, column by column. ``cell`` is the index in the iteration's table of cells.

    ``bars`` holds 20 numbers a cell: open samples by IIES, from 1/classes up to 1. Of objects whose
    label is the prediction they are by 1 − IoU from 0 to 1, and where both are *nothing* by the
    probability that a label is missing. ``suspects`` counts those of ``open`` that are suspect.
    """

    cell: list[int]
    label: list[int]
    prediction: list[int]
    open: list[int]
    suspects: list[int]
    errors: list[float]
    duplicates: list[bool]
    bars: list[int]


class LabelColumns(TypedDict):
    """The rows of the overview in their order: one a label that holds samples."""

    label: list[int]
    open: list[int]
    wrong: list[int]
    errors: list[float]
    cells: list[int]


class OverviewRequest(IterationRequest):
    """``labels``: whose cells are wanted at once, besides the first ones in the order."""

    order: Order
    labels: list[int]
    with_classes: bool


class OverviewReply(TypedDict):
    """The overview: all rows, and the cells of the first of them."""

    revision: int
    classes: list[str] | None
    rows: LabelColumns
    cells: CellColumns
    largest: int
    progress: Progress


class CellsRequest(IterationRequest):
    """The cells of some labels."""

    labels: list[int]


class CellsReply(TypedDict):
    """Those cells, and the revision that they were counted at."""

    revision: int
    cells: CellColumns


class SuspectsRequest(IterationRequest):
    """The pictures of some cells of the overview, by ``CellColumns.cell``."""

    cells: list[int]


class SuspectsReply(TypedDict):
    """The most suspicious open samples in FiftyOne's view: ``row[i]`` lies in ``cell[i]``.

    At most three a cell, the most suspicious first.
    """

    revision: int
    cell: list[int]
    row: list[int]


class InViewReply(TypedDict):
    """Open samples of each cell that FiftyOne's current view holds; None where no view is set."""

    open: list[int] | None


class OutdatedReply(TypedDict):
    """What changed outside of the run since it was made: samples, and labels on them.

    Where labels are sets, ``relabelled`` counts those with another class or box, and the last two
    those that came or went; both are 0 elsewhere.
    """

    added: int
    deleted: int
    relabelled: int
    labels_added: int
    labels_deleted: int


class CellRequest(IterationRequest):
    """A page of a cell: open samples, most suspicious first; ``iies`` limits it to a range."""

    label: int
    prediction: int
    offset: int
    limit: int
    iies: tuple[float, float] | None
    edge: int


class Sheet(TypedDict):
    """Thumbnails in one picture, a data URL, row by row.

    Unreadable ones have no width, deleted ones one of -1.
    """

    rows: list[int]
    columns: int
    edge: int
    widths: list[int]
    heights: list[int]
    image: str


class ObjectColumns(TypedDict):
    """What else there is of objects: the sample that each lies on, and its likeliest error."""

    sample: list[str]
    kind: list[str]
    iou: list[float]
    confidence: list[float]


class SampleColumns(TypedDict):
    """Samples, column by column; ``in_view`` is false where FiftyOne's view leaves one out.

    Of objects ``id`` is the label's, and ``objects`` is there.
    """

    row: list[int]
    id: list[str]
    label: list[int]
    prediction: list[int]
    iies: list[float]
    suspicion: list[float]
    in_view: list[bool]
    objects: NotRequired[ObjectColumns]


class LayoutRequest(IterationRequest):
    """Where the pictures of some rows go.

    With ``aspect``, the width of the window over its height, on a grid: each in a place of its own.
    """

    rows: list[int]
    features: Features
    aspect: float | None


class LayoutReply(TypedDict):
    """Positions in [0, 1]; ask again while ``pending``: a better layout is on its way.

    ``columns`` and ``lines`` of the grid; 0 where pictures lie where the projection has them.
    """

    x: list[float]
    y: list[float]
    method: Literal["umap", "pca"]
    pending: bool
    note: str
    columns: int
    lines: int


class CellReply(TypedDict):
    """A page of a cell, with the thumbnails of its first samples and a first layout."""

    revision: int
    open: int
    decided: int
    matching: int
    bars: list[int]
    samples: SampleColumns
    sheet: Sheet | None
    layout: LayoutReply


class ThumbnailsRequest(IterationRequest):
    """Thumbnails of some rows, at most ``edge`` pixels wide and high."""

    rows: list[int]
    edge: int


class PairsRequest(IterationRequest):
    """The most similar pairs of a cell."""

    label: int
    prediction: int
    limit: int


class PairsReply(TypedDict):
    """Pairs of rows with their SSIM, highest first, none below ``least``.

    ``source`` says where they come from.
    """

    first: list[int]
    second: list[int]
    ses: list[float]
    samples: SampleColumns
    source: Literal["duplicates", "nearest"]
    least: float


class SamplesRequest(IterationRequest):
    """Samples in full, with a picture of at most ``size`` pixels."""

    rows: list[int]
    size: int


class Probability(TypedDict):
    """The probability of one class."""

    label: int
    p: float


class Vote(TypedDict):
    """What one person said of a sample."""

    annotator: str
    label: int


class SampleInfo(TypedDict):
    """One sample in full, with the first of the votes on it.

    ``image`` is a data URL, empty with ``problem`` set where unreadable.
    """

    row: int
    id: str
    label: int
    prediction: int
    current_label: str
    iies: float
    suspicion: float
    probabilities: list[Probability]
    filepath: str
    split: str
    tags: list[str]
    in_view: bool
    votes: list[Vote]
    image: str
    width: int
    height: int
    problem: str


class SamplesReply(TypedDict):
    """Those that are still in the dataset."""

    samples: list[SampleInfo]


class OtherLabel(TypedDict):
    """A label of an image: its box as left, top, width and height, from 0 to 1 of the image.

    None of a tag, which has none.
    """

    id: str
    label: str
    box: tuple[float, float, float, float] | None


class ObjectsRequest(SamplesRequest):
    """The same for objects; ``shared``: each image comes once, with the first object on it."""

    shared: NotRequired[bool | None]


class ObjectInfo(SampleInfo):
    """One object in full, with its whole image.

    ``id`` is the label's and ``sample`` the sample's. ``box`` is the label's, None where a label is
    missing; ``seen`` is what is predicted, None where nothing is; ``current_box`` is the label's as
    it is now, None where there is no such label. Tags have none of the three. ``others`` are the
    image's other labels now.
    """

    sample: str
    kind: str
    iou: float
    confidence: float
    box: tuple[float, float, float, float] | None
    seen: tuple[float, float, float, float] | None
    current_box: tuple[float, float, float, float] | None
    others: list[OtherLabel]


class ObjectsReply(TypedDict):
    """Those whose samples are still in the dataset."""

    objects: list[ObjectInfo]


class OriginalRequest(IterationRequest):
    """A sample's picture in full resolution; ``decoded``: the browser could not show the file."""

    row: int
    decoded: bool


class OriginalReply(TypedDict):
    """Where the picture is: ``filepath`` to be had from FiftyOne's server, or a data URL.

    One of the two is empty, and both where ``problem`` says why there is none.
    """

    row: int
    filepath: str
    image: str
    problem: str


class ContextRequest(IterationRequest):
    """What a sample is judged beside."""

    row: int


class ContextSamples(SampleColumns):
    """``decision`` is what stands on a sample, such as ``confirmed``, empty while it is open."""

    current_label: list[str]
    decision: list[str]


class ContextReply(TypedDict):
    """Rows that help to judge one; what is known of each of them is in ``samples``.

    ``other`` is the prediction, and where that is the ``label`` the most probable of the other
    classes. ``typical`` and ``typical_other`` show the two: first what a person found right, then
    what the classifier is most certain of; none is a near-duplicate of the sample or of another
    one. ``neighbours`` are the nearest by the iteration's features, nearest first, of which
    ``alike`` are near-duplicates. ``note`` says why there are no neighbours.
    """

    revision: int
    row: int
    label: int
    other: int
    typical: list[int]
    typical_other: list[int]
    neighbours: list[int]
    alike: list[int]
    samples: ContextSamples
    note: str


class QueueRequest(IterationRequest):
    """Open samples by suspicion, across cells or in one; ``skip`` are rows passed over.

    ``front`` is a row that comes first, if it is among them. ``by``, ``above`` and ``label`` go
    through a ranking in its order instead.
    """

    cell: tuple[int, int] | None
    skip: list[int]
    limit: int
    front: NotRequired[int | None]
    by: NotRequired[RankBy | None]
    above: NotRequired[float | None]
    label: NotRequired[int | None]


class QueueReply(TypedDict):
    """The next rows; ``left`` counts the open ones in the view, ``outside`` those outside of it.

    ``skipped`` are those of ``skip`` that are open and in the view, in the order in which they were
    passed over; no other number counts them. ``deleted`` were deleted past the run, or where labels
    are sets changed, too.
    """

    revision: int
    rows: list[int]
    left: int
    outside: int
    skipped: list[int]
    deleted: int


class ImageQueueRequest(QueueRequest):
    """The same image by image; a row stands for the image that it lies on.

    ``front`` comes first unless it was passed over, also when nothing on it is open any more;
    ``bring`` comes first in any case.
    """

    bring: NotRequired[int | None]


class ImageSuspects(TypedDict):
    """An image by its most suspicious ``row``, and the ``rows`` on it, most suspicious first.

    They are its suspects, what the queue goes through, and what is decided, of FiftyOne's view.
    ``decided`` says what stands on each, empty while it is open, ``elsewhere`` where it was changed
    past the panel.
    """

    row: int
    rows: list[int]
    decided: list[str]


class ImageQueueReply(QueueReply):
    """All but ``images`` as in ``QueueReply``, of images; ``left`` counts the one in front, too."""

    images: list[ImageSuspects]


class ResolveRequest(IterationRequest):
    """A decision on rows, each of which must still have the label that the panel showed.

    ``check`` is a check of those rows that was read: its bound is recorded with the decision. With
    it ``rows`` may be null: all that it was drawn from, but for its exceptions and what was decided
    since.
    ``seen`` is the newest revision that the panel had shown: the same decision on a sample, made
    since, was asked for at the same time and counts once.
    """

    action: Action
    rows: list[int] | None
    label: NotRequired[str | None]
    tag: NotRequired[str | None]
    check: NotRequired[str | None]
    seen: NotRequired[int | None]


class ResolveObjectsRequest(IterationRequest):
    """A decision on objects; ``add`` is for those without a label.

    ``label`` is the class that ``relabel`` and ``add`` give, ``box`` the outline that ``move`` and
    ``add`` give, by default the predicted one. ``expected_label`` and ``expected_box`` are what the
    panel showed of a single object that has a label. ``seen`` is as in ``ResolveRequest``.
    """

    action: ObjectAction
    rows: list[int]
    label: NotRequired[str | None]
    box: NotRequired[tuple[float, float, float, float] | None]
    expected_label: NotRequired[str | None]
    expected_box: NotRequired[tuple[float, float, float, float] | None]
    seen: NotRequired[int | None]


class Conflict(TypedDict):
    """A sample that was left as it is, and why (see ``plugin/decisions/decisions.py``)."""

    id: str
    expected: str
    found: str
    reason: str


class Decided(TypedDict):
    """A decision as a person would name it.

    ``before`` are labels that its ``samples`` had, at most three, the most frequent first, and
    ``others`` whether there were more; ``label`` is what they have now, None where they kept
    theirs. ``rows`` are its samples, of many the first; ``again``: it was undone and redone.
    """

    decision: str
    action: str
    before: list[str]
    others: bool
    label: str | None
    tag: str | None
    samples: int
    rows: list[int]
    again: bool
    author: str
    created_at: str


class ResolveReply(TypedDict):
    """What was done; None for ``decision`` where nothing was.

    ``what`` names it; for an undo, what was taken back. ``left_out`` counts, by field that the
    dataset no longer declares, the samples that an undo brought back without their value of it.
    """

    decision: str | None
    action: str
    applied: int
    conflict_count: int
    conflicts: list[Conflict]
    what: Decided | None
    left_out: dict[str, int]
    revision: int


class UndoRequest(RunRequest):
    """The decision to take back, None for the last one."""

    decision: str | None
    iteration: NotRequired[int | None]


class RecentReply(TypedDict):
    """The last decisions that stand, the newest first; ``sheet`` has a thumbnail of each.

    Its rows are places in ``decisions``.
    """

    revision: int
    decisions: list[Decided]
    sheet: Sheet | None


class DuplicatesRequest(IterationRequest):
    """A page of groups of near-duplicates.

    ``threshold`` and ``scope`` look at another choice without setting it; None for those in force.
    ``edge`` above 0 asks for thumbnails of the page as well.
    """

    offset: int
    limit: int
    kind: DuplicateKind | None
    threshold: float | None
    scope: DuplicateScope | None
    edge: int


class DuplicateTotals(TypedDict):
    """Unsettled groups and pairs; a group can be a leak and a conflict, ``alike`` are neither.

    ``settled`` counts the groups that somebody decided to keep as they are.
    """

    groups: int
    pairs: int
    samples: int
    leaks: int
    conflicts: int
    alike: int
    settled: int


class ThresholdSteps(TypedDict):
    """For each step from the lowest threshold to 1: pairs with at least that SES."""

    threshold: list[float]
    pairs: list[int]


class DuplicateGroup(TypedDict):
    """Images that pairs connect; ``proposal`` is the row to keep when the others go, and why.

    ``rows`` holds at most 100 of the ``members``, the proposal first, which are shown; ``rest`` and
    ``rest_labels`` are the others and their labels, of which ``rest_outside`` are outside of the
    App's view. ``first``, ``second`` and ``pair_ses`` are pairs of the shown rows, most similar
    first. ``exact``: all are copies of one file or have equal pixels.
    """

    id: str
    members: int
    rows: list[int]
    rest: list[int]
    rest_labels: list[str]
    rest_outside: int
    ses: float
    lowest_ses: float
    exact: bool
    leak: bool
    conflict: bool
    proposal: int
    reason: str
    first: list[int]
    second: list[int]
    pair_ses: list[float]


class DuplicateSamples(SampleColumns):
    """The samples of the groups; ``current_label`` and ``split`` are empty where there is none.

    ``decision`` is what stands on the sample, such as ``confirmed``, empty while it is open. Of
    labels on one object, ``boxes`` are theirs now, and ``width`` and ``height`` those of the boxes.
    """

    current_label: list[str]
    decision: list[str]
    split: list[str]
    width: list[int]
    height: list[int]
    boxes: NotRequired[list[tuple[float, float, float, float]]]


class DuplicatesReply(TypedDict):
    """Groups of near-duplicates: leaks first, then label conflicts, then by falling SES.

    Of a run on objects they are labels on one object, and SES is the overlap of their boxes.

    ``computed`` is false before find_duplicates has run; then all else is empty. ``added`` counts
    samples that were not compared yet. ``matching`` counts the groups of the asked ``kind``.
    ``threshold`` and ``scope`` are those that the groups were made with, ``in_force`` is the
    threshold that is set, ``lowest`` that below which no pairs were kept. ``splits_note`` says why
    there can be no leaks, and is empty where there can.
    """

    revision: int
    computed: bool
    created_at: str
    compared: int
    added: int
    skipped: dict[str, int]
    scope: DuplicateScope
    threshold: float
    in_force: float
    lowest: float
    steps: ThresholdSteps
    totals: DuplicateTotals
    splits_note: str
    matching: int
    groups: list[DuplicateGroup]
    samples: DuplicateSamples
    sheet: Sheet | None


class DifferenceRequest(IterationRequest):
    """Two rows to be compared pixel by pixel, in pictures of at most ``size`` pixels."""

    first: int
    second: int
    size: int


class DifferenceReply(TypedDict):
    """Both pictures at one size, and where they differ, as data URLs.

    In ``difference`` black is equal; it is ``amplified`` so many times that the largest difference
    (``largest``, of 255 grey levels) can be seen. ``problem`` says why there is no picture.
    """

    first: str
    second: str
    difference: str
    width: int
    height: int
    amplified: float
    largest: int
    ses: float | None
    problem: str


class GroupRequest(IterationRequest):
    """A decision on rows of a group, with the label that the panel showed for each of them.

    ``keep_one`` removes all but ``keep``; ``keep_all`` is intentional: the group is never shown
    again; ``relabel_alike`` gives all the ``label``; ``remove`` removes all the rows. Labels on one
    object are decided on by the first two, with the ``boxes`` that the panel showed.
    """

    action: GroupAction
    rows: list[int]
    labels: list[str]
    boxes: NotRequired[list[tuple[float, float, float, float]] | None]
    keep: NotRequired[int | None]
    label: NotRequired[str | None]


class ThresholdRequest(RunRequest):
    """Sets the threshold and, if given, the scope, from the pairs that are there."""

    threshold: float
    scope: NotRequired[DuplicateScope | None]


class ThresholdReply(TypedDict):
    """What is in force now; the samples' fields follow in the background."""

    threshold: float
    scope: DuplicateScope
    pairs: int


class AuditDrawRequest(IterationRequest):
    """Draws an audit of the open samples; refused while another one is open.

    On objects ``size`` counts labels and candidates, and ``images`` are looked at whole.
    """

    size: int
    images: NotRequired[int | None]


class AuditNamed(RunRequest):
    """An audit by its id, None for the run's last one."""

    audit: str | None


class Range(TypedDict):
    """A number of samples: the best guess, and the 95 % interval."""

    point: float
    low: float
    high: float


class AuditInfo(TypedDict):
    """One audit; ``judged`` counts samples with a verdict, ``waiting`` those without one yet.

    ``gone`` samples have left the dataset since; ``population`` counts what was open at the draw.
    """

    id: str
    number: int
    iteration: int
    size: int
    judged: int
    waiting: int
    right: int
    wrong: int
    unclear: int
    gone: int
    population: int
    drawn_at: str
    drawn_by: str
    state: Literal["open", "done", "closed"]


class AuditPart(TypedDict):
    """A row of the overview (``prediction`` is null) or a cell, where enough was judged in it."""

    label: int
    prediction: int | None
    judged: int
    left: Range


class Estimate(TypedDict):
    """What an audit's verdicts say of wrong labels: at its draw, and left by now.

    ``found`` counts the relabelled samples of the run. ``judged`` may be less than the audit's:
    only verdicts in the order of the draw count until all are there.
    """

    judged: int
    at_draw: Range
    left: Range
    unclear: Range
    found: int
    parts: list[AuditPart]


class Target(TypedDict):
    """The stopping rule: at least ``share`` of all errors found, with ``confidence``.

    ``sure`` is the share that is certain at that confidence at whatever moment it is looked at,
    ``likely`` the best guess (null before there are verdicts); ``most_left`` bounds the errors
    left, and ``allowed_left`` is what it must come down to.
    """

    share: float
    confidence: float
    found: int
    sure: float
    likely: float | None
    most_left: int
    allowed_left: int
    reached: bool


class LeftOfKind(TypedDict):
    """Errors of a kind among objects, at the draw and left by now.

    The first three are labels, and ``candidate`` a missing object that detectors proposed:
    ``population`` counts labels or candidates that were open. ``unproposed`` is a missing object
    that is no candidate: ``population`` counts the images, in which it was looked for.
    """

    kind: Literal["class", "spurious", "placement", "candidate", "unproposed"]
    population: int
    at_draw: Range
    left: Range


class ObjectAudit(TypedDict):
    """What else there is of an audit of objects, whose places are outlines, then whole images.

    ``found`` counts objects that were missing in those and were no candidates. ``kinds`` holds what
    can be estimated by now; ``estimate`` beside it is that of labels, wrong in whatever way.
    """

    outlines: int
    images: int
    outlines_judged: int
    images_judged: int
    labels: int
    candidates: int
    found: int
    kinds: list[LeftOfKind]


class AuditReply(TypedDict):
    """The last audit, None before the first; ``estimate`` is None while it has too few verdicts.

    ``objects`` is there of an audit of objects.
    """

    revision: int
    audit: AuditInfo | None
    estimate: Estimate | None
    target: Target
    objects: ObjectAudit | None


class AuditItemsRequest(AuditNamed):
    """The next samples without a verdict; ``skip`` are places passed over, ``size`` in pixels."""

    skip: list[int]
    limit: int
    size: int


class AuditItem(TypedDict):
    """A sample to judge blind: its picture, and classes in an order that tells nothing.

    It is named by its ``place`` in the audit, for a row or an id could give its label away.
    ``classes`` are all of the run, or of many the probable ones with the label somewhere among
    them, always sorted by index; any other class may be given too.
    """

    place: int
    classes: list[int]
    image: str
    width: int
    height: int
    problem: str


class AuditItemsReply(TypedDict):
    """Items in the audit's order; ``waiting`` counts all without a verdict, ``judged`` all others.

    ``skipped`` are those of ``skip`` that still wait.
    """

    audit: str
    state: Literal["open", "done", "closed"]
    items: list[AuditItem]
    skipped: list[int]
    judged: int
    waiting: int


class AuditOutline(AuditItem):
    """What is judged blind in an audit of objects, with its whole picture.

    ``box`` is the outline that is asked about, a label's or that of a missing object, which nothing
    tells apart; None where the ``whole`` image is looked at for what is missing. ``others`` are the
    outlines of the image's other labels.
    """

    whole: bool
    box: tuple[float, float, float, float] | None
    others: list[tuple[float, float, float, float]]


class AuditOutlinesReply(TypedDict):
    """As ``AuditItemsReply``, of an audit of objects."""

    audit: str
    state: Literal["open", "done", "closed"]
    items: list[AuditOutline]
    skipped: list[int]
    judged: int
    waiting: int


class AuditJudgeRequest(AuditNamed):
    """What a person sees in an outline: a class, or nothing to label where ``label`` is None.

    ``box`` is the outline as it should be, where it is another one; ``unclear``: nobody can tell.
    """

    place: int
    label: NotRequired[str | None]
    box: NotRequired[tuple[float, float, float, float] | None]
    unclear: NotRequired[bool | None]


class AuditLookRequest(AuditNamed):
    """What is missing in a whole image, class and outline of each; empty where nothing is."""

    place: int
    labels: list[str]
    boxes: list[tuple[float, float, float, float]]
    unclear: NotRequired[bool | None]


class AuditPlaceRequest(AuditNamed):
    """A place of an audit of objects, whose verdict is taken back."""

    place: int


class AuditJudgedReply(TypedDict):
    """What became of a verdict on objects; ``gone``: there is nothing to judge any more."""

    gone: bool
    waiting: int
    revision: int


class AuditOriginalRequest(AuditNamed):
    """A sample's picture in full resolution, by its place."""

    place: int


class AuditOriginalReply(TypedDict):
    """The picture as a data URL, empty where ``problem`` says why there is none."""

    place: int
    image: str
    problem: str


class AuditVerdictRequest(AuditNamed):
    """The class that a person sees in the picture, or ``unclear``: nobody can tell.

    The label itself is confirmed, another class relabels, ``unclear`` tags: one decision.
    """

    place: int
    label: NotRequired[str | None]
    unclear: NotRequired[bool]


class AuditVerdictReply(TypedDict):
    """``decision`` undoes the verdict; None where none was made.

    Then the sample is ``gone`` from the dataset, or the same was decided at the same moment.
    """

    decision: str | None
    gone: bool
    waiting: int
    revision: int


class TargetRequest(RunRequest):
    """Sets the stopping target of the run; both in (0, 1)."""

    share: float
    confidence: float


class CheckDrawRequest(IterationRequest):
    """Draws ``size`` random samples to check before ``rows``, or a whole cell, get ``becomes``.

    ``becomes`` is the class that a bulk relabel would give, or null for a bulk confirm. ``rows``
    null: the open samples of the cell that FiftyOne's view holds.
    """

    label: int
    prediction: int
    rows: list[int] | None
    becomes: str | None
    size: int


class CheckReply(TypedDict):
    """A check: of ``population`` samples look at ``rows``; then say which do not fit."""

    check: str
    rows: list[int]
    population: int


class CheckReadRequest(RunRequest):
    """The verdicts of a check: rows that would be wrong after the bulk decision, or nobody knows.

    All the other rows of the check are thereby said to fit.
    """

    check: str
    exceptions: list[int]


class CheckBound(TypedDict):
    """What a check says of the samples that nobody looked at, with the ``confidence`` given.

    At most ``most_wrong`` of the ``unchecked`` are wrong; ``share`` is that as a share of them.
    """

    check: str
    checked: int
    exceptions: int
    unchecked: int
    most_wrong: int
    share: float
    confidence: float


class ShowRequest(IterationRequest):
    """The cell to show in FiftyOne's grid; None of both: all that the filter by votes leaves."""

    label: int | None
    prediction: int | None


class ShowReply(TypedDict):
    """How many samples the grid was asked to show."""

    samples: int


class DoneReply(TypedDict):
    """Whether there was something to do."""

    done: bool


class SameRequest(IterationRequest):
    """Rows whose sample ids, and sample ids whose rows, are wanted; at most 2,000 of each."""

    rows: list[int]
    ids: list[str]


class SameReply(TypedDict):
    """The ids of the rows asked for, in their order; the rows of those ids that the run holds."""

    ids: list[str]
    rows: list[int]


class MapRequest(IterationRequest):
    """The whole dataset as a map; ``map`` names the places that are on screen already."""

    colour: Colour
    map: str | None


class MapReply(TypedDict):
    """The map: arrays in base64, little-endian, one value a row of the iteration.

    ``places`` holds two uint16 a row, from 0 to 65,535, and is empty where ``map`` was known.
    ``values`` holds one uint16 a row: the class or kind of decision, or a number spread from
    ``low`` to ``high``. ``shown`` holds one byte a row: 1 open, 0 decided, 2 open but left out by
    FiftyOne's view. ``map`` is None where the iteration has no map yet.
    """

    revision: int
    map: str | None
    samples: int
    places: str
    values: str
    low: float
    high: float
    shown: str
    names: list[str]


class RankingRequest(IterationRequest):
    """A page of the open samples in the order of a score.

    ``above`` leaves out lower values, ``label`` all other classes; None for neither.
    """

    by: RankBy
    above: float | None
    label: int | None
    offset: int
    limit: int


class RankingReply(TypedDict):
    """Open samples, highest value first, column by column.

    ``total`` counts those at or above the threshold, ``open`` those without it, in ``bars`` from
    ``lowest`` to ``highest``; ``outside`` more are left out by FiftyOne's view. ``available`` says
    which scores were computed; where the one asked for was not, all else is empty and ``operator``
    computes it. ``samples`` are the ids of the samples that labels lie on, none where rows are
    samples.
    """

    revision: int
    rows: list[int]
    ids: list[str]
    samples: list[str]
    labels: list[int]
    predictions: list[int]
    values: list[float]
    total: int
    open: int
    outside: int
    bars: list[int]
    lowest: float
    highest: float
    available: dict[str, bool]
    operator: str


class HistoryRow(TypedDict):
    """An iteration beside the one before; the last six are None for the first.

    ``trusted_accuracy`` is that on the ``trusted`` samples, whose label a person confirmed or gave.
    """

    iteration: int
    samples: int
    agreement: float
    suspects: int
    trusted: int
    trusted_accuracy: float | None
    predicted_otherwise: int | None
    now_agreeing: int | None
    now_disagreeing: int | None
    appeared: int | None
    vanished: int | None


class HistoryReply(TypedDict):
    """The iterations, and the effort curve: labels ``fixed`` by samples ``looked`` at."""

    iterations: list[HistoryRow]
    looked: list[int]
    fixed: list[int]


class ReportReply(TypedDict):
    """The run's report: a page of HTML, and what its file is called."""

    name: str
    html: str


class ImportanceRound(TypedDict):
    """A round of cleaning by importance: of the samples ``looked`` at so many were ``fixed``.

    ``auroc`` is the mean over the classes, of held-out samples with the labels as they were.
    """

    looked: int
    fixed: int
    auroc: float | None


class Confused(TypedDict):
    """Two classes by name: ``share`` of the samples with the label are predicted as the other."""

    label: str
    prediction: str
    samples: int
    share: float


class ImportanceReply(TypedDict):
    """Rounds of cleaning by importance that can be compared, first to last; none before the first.

    ``begin`` are the most confused pairs, ``reviewed`` counts the samples decided on by now.
    """

    rounds: list[ImportanceRound]
    begin: list[Confused]
    advice: str
    stop: bool
    variant: str
    embeddings: str
    iteration: int
    reviewed: int


class AnnotatorsReply(TypedDict):
    """Who voted, column by column, those with the most votes first; empty without votes.

    ``low`` and ``high`` are the 95 % interval of ``accuracy``. ``meant`` and ``said`` are class
    indices of the most frequent confusion, -1 where there is none, ``confused`` its expected
    number. ``wrong`` counts their votes on open samples that are probably wrong.
    """

    revision: int
    name: list[str]
    votes: list[int]
    accuracy: list[float]
    low: list[float]
    high: list[float]
    meant: list[int]
    said: list[int]
    confused: list[float]
    wrong: list[int]


class AnnotatorRequest(IterationRequest):
    """One annotator by name."""

    of: str


class AnnotatorReply(TypedDict):
    """What one annotator said, a pair of classes an entry, in the order of the overview.

    ``meant`` is what it most probably is, ``said`` the vote. ``open`` counts those of the ``votes``
    on which no decision stands, ``bars`` holds 20 numbers an entry: these by the probability that
    the vote is wrong.
    """

    revision: int
    meant: list[int]
    said: list[int]
    votes: list[int]
    open: list[int]
    bars: list[int]


class OpinionInfo(TypedDict):
    """One request for a second opinion; ``judged`` counts what no longer waits.

    Of the ``compared`` samples both people named the same class for ``agreed``. ``kappa`` is
    Cohen's, with its 95 % interval; None where it is not defined. ``to_settle`` counts the
    ``disagreements`` that wait for a decision; ``gone`` samples were deleted before an answer.
    """

    id: str
    number: int
    to: str
    about: str
    asked_by: str
    asked_at: str
    size: int
    judged: int
    waiting: int
    unclear: int
    gone: int
    compared: int
    agreed: int
    kappa: float | None
    low: float
    high: float
    disagreements: int
    to_settle: int


class OpinionsReply(TypedDict):
    """The last requests, the newest first; the names that are known.

    ``decided`` counts, for each of the ``people``, the labels that they gave or confirmed and on
    which no later decision stands.
    """

    opinions: list[OpinionInfo]
    people: list[str]
    decided: list[int]


class OpinionAskRequest(IterationRequest):
    """Puts ``rows``, the open samples of a ``cell``, or somebody's decisions, to a person.

    ``n`` of them, drawn at random; None for all.
    """

    to: str
    rows: NotRequired[list[int] | None]
    cell: NotRequired[tuple[int, int] | None]
    decisions_of: NotRequired[str | None]
    n: NotRequired[int | None]


class OpinionNamed(RunRequest):
    """A request for a second opinion by its id."""

    opinion: str


class OpinionItemsRequest(OpinionNamed):
    """The next samples without an answer; ``skip`` are places passed over, ``size`` in pixels."""

    skip: list[int]
    limit: int
    size: int


class OpinionPlaceRequest(OpinionNamed):
    """One sample of a request, by its place."""

    place: int


class OpinionAnswerRequest(OpinionPlaceRequest):
    """The class that a person sees in the picture, or ``unclear``: nobody can tell."""

    label: NotRequired[str | None]
    unclear: NotRequired[bool]


class DisagreementsRequest(OpinionNamed):
    """A page of what two people differ on; ``size`` of the pictures in pixels."""

    offset: int
    limit: int
    size: int


class Disagreement(TypedDict):
    """A sample that two people named differently; ``now`` is its label, None where deleted.

    ``relabelled``: it has another label than the first person's by now. ``settled``: a decision
    that was made since stands on it.
    """

    place: int
    first: str
    second: str
    now: str | None
    relabelled: bool
    settled: bool
    image: str
    width: int
    height: int
    problem: str


class DisagreementsReply(TypedDict):
    """Those that wait for a decision first; ``total`` counts all."""

    total: int
    to_settle: int
    disagreements: list[Disagreement]


class SettleRequest(IterationRequest):
    """Settles a disagreement: ``label`` is right; ``expected`` is what was shown as its label."""

    opinion: str
    place: int
    label: str
    expected: str


class ConsensusRequest(IterationRequest):
    """The consensus of votes and model, where it is at least so sure: from 0 to 1."""

    confidence: float


class ConsensusReply(TypedDict):
    """What accepting it would change: ``samples`` open labels; nothing without ``voted``.

    ``expected_wrong`` is how many of them it expects to be wrong itself. ``changes`` are label,
    consensus and number, the most frequent first, of all ``kinds``.
    """

    revision: int
    voted: bool
    samples: int
    expected_wrong: float
    changes: list[tuple[int, int, int]]
    kinds: int


class ConsensusCheckRequest(ConsensusRequest):
    """Draws ``size`` of them at random, to be looked at before; ``check_read`` reads it."""

    size: int


class ConsensusCheckReply(CheckReply):
    """The drawn rows with the label and the consensus of each."""

    labels: list[int]
    predictions: list[int]


class ConsensusAcceptRequest(IterationRequest):
    """Accepts all that a check was drawn from, but for its exceptions."""

    check: str


class ConsensusAcceptReply(TypedDict):
    """What was done: one decision, which gives each sample a class of its own; None without any."""

    decision: str | None
    applied: int
    conflict_count: int


EVENTS: dict[str, tuple[type, type]] = {
    "status": (NoRequest, StatusReply),
    "pulse": (RunRequest, PulseReply),
    "overview": (OverviewRequest, OverviewReply),
    "cells": (CellsRequest, CellsReply),
    "suspects": (SuspectsRequest, SuspectsReply),
    "in_view": (IterationRequest, InViewReply),
    "outdated": (IterationRequest, OutdatedReply),
    "cell": (CellRequest, CellReply),
    "thumbnails": (ThumbnailsRequest, Sheet),
    "layout": (LayoutRequest, LayoutReply),
    "pairs": (PairsRequest, PairsReply),
    "samples": (SamplesRequest, SamplesReply),
    "objects": (ObjectsRequest, ObjectsReply),
    "original": (OriginalRequest, OriginalReply),
    "context": (ContextRequest, ContextReply),
    "queue": (QueueRequest, QueueReply),
    "image_queue": (ImageQueueRequest, ImageQueueReply),
    "resolve": (ResolveRequest, ResolveReply),
    "resolve_objects": (ResolveObjectsRequest, ResolveReply),
    "undo": (UndoRequest, ResolveReply),
    "recent": (IterationRequest, RecentReply),
    "duplicates": (DuplicatesRequest, DuplicatesReply),
    "difference": (DifferenceRequest, DifferenceReply),
    "resolve_group": (GroupRequest, ResolveReply),
    "set_threshold": (ThresholdRequest, ThresholdReply),
    "audit": (AuditNamed, AuditReply),
    "audit_draw": (AuditDrawRequest, AuditReply),
    "audit_items": (AuditItemsRequest, AuditItemsReply),
    "audit_original": (AuditOriginalRequest, AuditOriginalReply),
    "audit_verdict": (AuditVerdictRequest, AuditVerdictReply),
    "audit_outlines": (AuditItemsRequest, AuditOutlinesReply),
    "audit_judge": (AuditJudgeRequest, AuditJudgedReply),
    "audit_look": (AuditLookRequest, AuditJudgedReply),
    "audit_take_back": (AuditPlaceRequest, AuditJudgedReply),
    "audit_close": (AuditNamed, AuditReply),
    "set_target": (TargetRequest, AuditReply),
    "check_draw": (CheckDrawRequest, CheckReply),
    "check_read": (CheckReadRequest, CheckBound),
    "show_in_grid": (ShowRequest, ShowReply),
    "cancel": (RunRequest, DoneReply),
    "dismiss": (EndedRequest, DoneReply),
    "map": (MapRequest, MapReply),
    "same": (SameRequest, SameReply),
    "ranking": (RankingRequest, RankingReply),
    "history": (RunRequest, HistoryReply),
    "report": (RunRequest, ReportReply),
    "importance": (RunRequest, ImportanceReply),
    "annotators": (IterationRequest, AnnotatorsReply),
    "annotator": (AnnotatorRequest, AnnotatorReply),
    "consensus": (ConsensusRequest, ConsensusReply),
    "consensus_check": (ConsensusCheckRequest, ConsensusCheckReply),
    "consensus_accept": (ConsensusAcceptRequest, ConsensusAcceptReply),
    "opinions": (RunRequest, OpinionsReply),
    "opinion_ask": (OpinionAskRequest, OpinionsReply),
    "opinion_items": (OpinionItemsRequest, AuditItemsReply),
    "opinion_original": (OpinionPlaceRequest, AuditOriginalReply),
    "opinion_answer": (OpinionAnswerRequest, AuditVerdictReply),
    "opinion_take_back": (OpinionPlaceRequest, DoneReply),
    "disagreements": (DisagreementsRequest, DisagreementsReply),
    "settle": (SettleRequest, ResolveReply),
}
"""Every event by name: what it is asked, what it answers. Any may answer ``{"error": Problem}``."""
