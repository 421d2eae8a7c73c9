// Written by scripts/panel_events.py from panels/events/. Do not edit.

export type Action = "relabel" | "confirm" | "remove" | "tag";
export type Colour = "label" | "prediction" | "decision" | "suspicion" | "disagreement";
export type DuplicateKind = "leak" | "conflict" | "alike";
export type DuplicateScope = "same_prediction" | "all";
export type ErrorKind = "input" | "unexpected";
export type Features = "embedding" | "pixels" | "saliency";
export type GroupAction = "keep_one" | "keep_all" | "relabel_alike" | "remove";
export type ObjectAction = "relabel" | "confirm" | "remove" | "add" | "move";
export type Order = "count" | "errors";
export type RankBy = "suspicion" | "confidence" | "importance" | "disagreement" | "cleanlab" | "both" | "votes";
export type Variant = "success" | "warning" | "error" | "info";

/** What one annotator said, a pair of classes an entry, in the order of the overview. */
export interface AnnotatorReply {
  revision: number;
  meant: number[];
  said: number[];
  votes: number[];
  open: number[];
  bars: number[];
}

/** One annotator by name. */
export interface AnnotatorRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  of: string;
}

/** Who voted, column by column, those with the most votes first; empty without votes. */
export interface AnnotatorsReply {
  revision: number;
  name: string[];
  votes: number[];
  accuracy: number[];
  low: number[];
  high: number[];
  meant: number[];
  said: number[];
  confused: number[];
  wrong: number[];
}

/** Draws an audit of the open samples; refused while another one is open. */
export interface AuditDrawRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  size: number;
  images?: number | null;
}

/** One audit; ``judged`` counts samples with a verdict, ``waiting`` those without one yet. */
export interface AuditInfo {
  id: string;
  number: number;
  iteration: number;
  size: number;
  judged: number;
  waiting: number;
  right: number;
  wrong: number;
  unclear: number;
  gone: number;
  population: number;
  drawn_at: string;
  drawn_by: string;
  state: "open" | "done" | "closed";
}

/** A sample to judge blind: its picture, and classes in an order that tells nothing. */
export interface AuditItem {
  place: number;
  classes: number[];
  image: string;
  width: number;
  height: number;
  problem: string;
}

/** Items in the audit's order; ``waiting`` counts all without a verdict, ``judged`` all others. */
export interface AuditItemsReply {
  audit: string;
  state: "open" | "done" | "closed";
  items: AuditItem[];
  skipped: number[];
  judged: number;
  waiting: number;
}

/** The next samples without a verdict; ``skip`` are places passed over, ``size`` in pixels. */
export interface AuditItemsRequest {
  run: string;
  audit: string | null;
  skip: number[];
  limit: number;
  size: number;
}

/** What a person sees in an outline: a class, or nothing to label where ``label`` is None. */
export interface AuditJudgeRequest {
  run: string;
  audit: string | null;
  place: number;
  label?: string | null;
  box?: [number, number, number, number] | null;
  unclear?: boolean | null;
}

/** What became of a verdict on objects; ``gone``: there is nothing to judge any more. */
export interface AuditJudgedReply {
  gone: boolean;
  waiting: number;
  revision: number;
}

/** What is missing in a whole image, class and outline of each; empty where nothing is. */
export interface AuditLookRequest {
  run: string;
  audit: string | null;
  place: number;
  labels: string[];
  boxes: [number, number, number, number][];
  unclear?: boolean | null;
}

/** An audit by its id, None for the run's last one. */
export interface AuditNamed {
  run: string;
  audit: string | null;
}

/** The picture as a data URL, empty where ``problem`` says why there is none. */
export interface AuditOriginalReply {
  place: number;
  image: string;
  problem: string;
}

/** A sample's picture in full resolution, by its place. */
export interface AuditOriginalRequest {
  run: string;
  audit: string | null;
  place: number;
}

/** What is judged blind in an audit of objects, with its whole picture. */
export interface AuditOutline {
  place: number;
  classes: number[];
  image: string;
  width: number;
  height: number;
  problem: string;
  whole: boolean;
  box: [number, number, number, number] | null;
  others: [number, number, number, number][];
}

/** As ``AuditItemsReply``, of an audit of objects. */
export interface AuditOutlinesReply {
  audit: string;
  state: "open" | "done" | "closed";
  items: AuditOutline[];
  skipped: number[];
  judged: number;
  waiting: number;
}

/** A row of the overview (``prediction`` is null) or a cell, where enough was judged in it. */
export interface AuditPart {
  label: number;
  prediction: number | null;
  judged: number;
  left: Range;
}

/** A place of an audit of objects, whose verdict is taken back. */
export interface AuditPlaceRequest {
  run: string;
  audit: string | null;
  place: number;
}

/** The last audit, None before the first; ``estimate`` is None while it has too few verdicts. */
export interface AuditReply {
  revision: number;
  audit: AuditInfo | null;
  estimate: Estimate | null;
  target: Target;
  objects: ObjectAudit | null;
}

/** ``decision`` undoes the verdict; None where none was made. */
export interface AuditVerdictReply {
  decision: string | null;
  gone: boolean;
  waiting: number;
  revision: number;
}

/** The class that a person sees in the picture, or ``unclear``: nobody can tell. */
export interface AuditVerdictRequest {
  run: string;
  audit: string | null;
  place: number;
  label?: string | null;
  unclear?: boolean;
}

/** Cells, column by column. ``cell`` is the index in the iteration's table of cells. */
export interface CellColumns {
  cell: number[];
  label: number[];
  prediction: number[];
  open: number[];
  suspects: number[];
  errors: number[];
  duplicates: boolean[];
  bars: number[];
}

/** A page of a cell, with the thumbnails of its first samples and a first layout. */
export interface CellReply {
  revision: number;
  open: number;
  decided: number;
  matching: number;
  bars: number[];
  samples: SampleColumns;
  sheet: Sheet | null;
  layout: LayoutReply;
}

/** A page of a cell: open samples, most suspicious first; ``iies`` limits it to a range. */
export interface CellRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  label: number;
  prediction: number;
  offset: number;
  limit: number;
  iies: [number, number] | null;
  edge: number;
}

/** Those cells, and the revision that they were counted at. */
export interface CellsReply {
  revision: number;
  cells: CellColumns;
}

/** The cells of some labels. */
export interface CellsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  labels: number[];
}

/** What a check says of the samples that nobody looked at, with the ``confidence`` given. */
export interface CheckBound {
  check: string;
  checked: number;
  exceptions: number;
  unchecked: number;
  most_wrong: number;
  share: number;
  confidence: number;
}

/** Draws ``size`` random samples to check before ``rows``, or a whole cell, get ``becomes``. */
export interface CheckDrawRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  label: number;
  prediction: number;
  rows: number[] | null;
  becomes: string | null;
  size: number;
}

/** The verdicts of a check: rows that would be wrong after the bulk decision, or nobody knows. */
export interface CheckReadRequest {
  run: string;
  check: string;
  exceptions: number[];
}

/** A check: of ``population`` samples look at ``rows``; then say which do not fit. */
export interface CheckReply {
  check: string;
  rows: number[];
  population: number;
}

/** A sample that was left as it is, and why (see ``plugin/decisions/decisions.py``). */
export interface Conflict {
  id: string;
  expected: string;
  found: string;
  reason: string;
}

/** Two classes by name: ``share`` of the samples with the label are predicted as the other. */
export interface Confused {
  label: string;
  prediction: string;
  samples: number;
  share: number;
}

/** What was done: ``decisions`` in the order in which Undo takes them back. */
export interface ConsensusAcceptReply {
  decisions: string[];
  applied: number;
  acts: [number, number, number] | null;
  conflict_count: number;
}

/** Accepts all that a check was drawn from, but for its exceptions. */
export interface ConsensusAcceptRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  check: string;
}

/** The drawn rows with the label and the consensus of each. */
export interface ConsensusCheckReply {
  check: string;
  rows: number[];
  population: number;
  labels: number[];
  predictions: number[];
}

/** Draws ``size`` of them at random, to be looked at before; ``check_read`` reads it. */
export interface ConsensusCheckRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  confidence: number;
  size: number;
}

/** What accepting it would change: ``samples`` open labels; nothing without ``voted``. */
export interface ConsensusReply {
  revision: number;
  voted: boolean;
  samples: number;
  expected_wrong: number;
  changes: [number, number, number][];
  kinds: number;
  acts: [number, number, number] | null;
}

/** The consensus of votes and model, where it is at least so sure: from 0 to 1. */
export interface ConsensusRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  confidence: number;
}

/** Rows that help to judge one; what is known of each of them is in ``samples``. */
export interface ContextReply {
  revision: number;
  row: number;
  label: number;
  other: number;
  typical: number[];
  typical_other: number[];
  neighbours: number[];
  alike: number[];
  samples: ContextSamples;
  note: string;
}

/** What a sample is judged beside. */
export interface ContextRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  row: number;
}

/** ``decision`` is what stands on a sample, such as ``confirmed``, empty while it is open. */
export interface ContextSamples {
  row: number[];
  id: string[];
  label: number[];
  prediction: number[];
  iies: number[];
  suspicion: number[];
  in_view: boolean[];
  objects?: ObjectColumns;
  current_label: string[];
  decision: string[];
}

/** A decision as a person would name it. */
export interface Decided {
  decision: string;
  action: string;
  before: string[];
  others: boolean;
  label: string | null;
  tag: string | null;
  samples: number;
  rows: number[];
  again: boolean;
  author: string;
  created_at: string;
}

/** Both pictures at one size, and where they differ, as data URLs. */
export interface DifferenceReply {
  first: string;
  second: string;
  difference: string;
  width: number;
  height: number;
  amplified: number;
  largest: number;
  ses: number | null;
  problem: string;
}

/** Two rows to be compared pixel by pixel, in pictures of at most ``size`` pixels. */
export interface DifferenceRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  first: number;
  second: number;
  size: number;
}

/** A sample that two people named differently; ``now`` is its label, None where deleted. */
export interface Disagreement {
  place: number;
  first: string;
  second: string;
  now: string | null;
  relabelled: boolean;
  settled: boolean;
  image: string;
  width: number;
  height: number;
  problem: string;
}

/** Those that wait for a decision first; ``total`` counts all. */
export interface DisagreementsReply {
  total: number;
  to_settle: number;
  disagreements: Disagreement[];
}

/** A page of what two people differ on; ``size`` of the pictures in pixels. */
export interface DisagreementsRequest {
  run: string;
  opinion: string;
  offset: number;
  limit: number;
  size: number;
}

/** Whether there was something to do. */
export interface DoneReply {
  done: boolean;
}

/** Images that pairs connect; ``proposal`` is the row to keep when the others go, and why. */
export interface DuplicateGroup {
  id: string;
  members: number;
  rows: number[];
  rest: number[];
  rest_labels: string[];
  rest_outside: number;
  ses: number;
  lowest_ses: number;
  exact: boolean;
  leak: boolean;
  conflict: boolean;
  proposal: number;
  reason: string;
  first: number[];
  second: number[];
  pair_ses: number[];
}

/** The samples of the groups; ``current_label`` and ``split`` are empty where there is none. */
export interface DuplicateSamples {
  row: number[];
  id: string[];
  label: number[];
  prediction: number[];
  iies: number[];
  suspicion: number[];
  in_view: boolean[];
  objects?: ObjectColumns;
  current_label: string[];
  decision: string[];
  split: string[];
  width: number[];
  height: number[];
  boxes?: [number, number, number, number][];
}

/** Unsettled groups and pairs; a group can be a leak and a conflict, ``alike`` are neither. */
export interface DuplicateTotals {
  groups: number;
  pairs: number;
  samples: number;
  leaks: number;
  conflicts: number;
  alike: number;
  settled: number;
}

/** Groups of near-duplicates: leaks first, then label conflicts, then by falling SES. */
export interface DuplicatesReply {
  revision: number;
  computed: boolean;
  created_at: string;
  compared: number;
  added: number;
  skipped: Record<string, number>;
  scope: "same_prediction" | "all";
  threshold: number;
  in_force: number;
  lowest: number;
  steps: ThresholdSteps;
  totals: DuplicateTotals;
  splits_note: string;
  matching: number;
  groups: DuplicateGroup[];
  samples: DuplicateSamples;
  sheet: Sheet | null;
}

/** A page of groups of near-duplicates. */
export interface DuplicatesRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  offset: number;
  limit: number;
  kind: "leak" | "conflict" | "alike" | null;
  threshold: number | null;
  scope: "same_prediction" | "all" | null;
  edge: number;
}

/** What became of work that was started from the App, until a person has dismissed it. */
export interface Ended {
  id: string;
  run: string;
  task: string;
  variant: "success" | "warning" | "error" | "info";
  text: string;
}

/** Work that has ended, by the id of its outcome. */
export interface EndedRequest {
  ended: string;
}

/** What an audit's verdicts say of wrong labels: at its draw, and left by now. */
export interface Estimate {
  judged: number;
  at_draw: Range;
  left: Range;
  unclear: Range;
  found: number;
  parts: AuditPart[];
}

/** A decision on rows of a group, with the label that the panel showed for each of them. */
export interface GroupRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  action: "keep_one" | "keep_all" | "relabel_alike" | "remove";
  rows: number[];
  labels: string[];
  boxes?: [number, number, number, number][] | null;
  keep?: number | null;
  label?: string | null;
}

/** The iterations, and the effort curve: labels ``fixed`` by samples ``looked`` at. */
export interface HistoryReply {
  iterations: HistoryRow[];
  looked: number[];
  fixed: number[];
}

/** An iteration beside the one before; the last six are None for the first. */
export interface HistoryRow {
  iteration: number;
  samples: number;
  agreement: number;
  suspects: number;
  trusted: number;
  trusted_accuracy: number | null;
  predicted_otherwise: number | null;
  now_agreeing: number | null;
  now_disagreeing: number | null;
  appeared: number | null;
  vanished: number | null;
}

/** All but ``images`` as in ``QueueReply``, of images; ``left`` counts the one in front, too. */
export interface ImageQueueReply {
  revision: number;
  rows: number[];
  left: number;
  outside: number;
  skipped: number[];
  deleted: number;
  images: ImageSuspects[];
}

/** The same image by image; a row stands for the image that it lies on. */
export interface ImageQueueRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  cell: [number, number] | null;
  skip: number[];
  limit: number;
  front?: number | null;
  by?: "suspicion" | "confidence" | "importance" | "disagreement" | "cleanlab" | "both" | "votes" | null;
  above?: number | null;
  label?: number | null;
  bring?: number | null;
}

/** An image by its most suspicious ``row``, and the ``rows`` on it, most suspicious first. */
export interface ImageSuspects {
  row: number;
  rows: number[];
  decided: string[];
}

/** Rounds of cleaning by importance that can be compared, first to last; none before the first. */
export interface ImportanceReply {
  rounds: ImportanceRound[];
  begin: Confused[];
  advice: string;
  stop: boolean;
  variant: string;
  embeddings: string;
  iteration: number;
  reviewed: number;
}

/** A round of cleaning by importance: of the samples ``looked`` at so many were ``fixed``. */
export interface ImportanceRound {
  looked: number;
  fixed: number;
  auroc: number | null;
}

/** Open samples of each cell that FiftyOne's current view holds; None where no view is set. */
export interface InViewReply {
  open: number[] | null;
}

/** One iteration of a run; ``agreement`` is the share of labels equal to the prediction. */
export interface IterationInfo {
  id: string;
  number: number;
  objects: boolean;
  tags: boolean;
  samples: number;
  classes: number;
  misclassified: number;
  agreement: number;
  source: string;
  chosen: string;
  created_at: string;
  has_features: boolean;
  has_model: boolean;
  notes: string[];
}

/** One iteration of a run. */
export interface IterationRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
}

/** What is being computed on a run, or on none (``run`` is empty then). */
export interface Job {
  run: string;
  task: string;
  progress: number | null;
  label: string;
  left: number | null;
  seconds: number;
  cancelling: boolean;
}

/** The rows of the overview in their order: one a label that holds samples. */
export interface LabelColumns {
  label: number[];
  open: number[];
  wrong: number[];
  errors: number[];
  cells: number[];
}

/** Positions in [0, 1]; ask again while ``pending``: a better layout is on its way. */
export interface LayoutReply {
  x: number[];
  y: number[];
  method: "umap" | "pca";
  pending: boolean;
  note: string;
  columns: number;
  lines: number;
}

/** Where the pictures of some rows go. */
export interface LayoutRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  rows: number[];
  features: "embedding" | "pixels" | "saliency";
  aspect: number | null;
}

/** Errors of a kind among objects, at the draw and left by now. */
export interface LeftOfKind {
  kind: "class" | "spurious" | "placement" | "candidate" | "unproposed";
  population: number;
  at_draw: Range;
  left: Range;
}

/** The map: arrays in base64, little-endian, one value a row of the iteration. */
export interface MapReply {
  revision: number;
  map: string | null;
  samples: number;
  places: string;
  values: string;
  low: number;
  high: number;
  shown: string;
  names: string[];
}

/** The whole dataset as a map; ``map`` names the places that are on screen already. */
export interface MapRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  colour: "label" | "prediction" | "decision" | "suspicion" | "disagreement";
  map: string | null;
}

/** Nothing is asked. */
export type NoRequest = Record<string, never>;

/** What else there is of an audit of objects, whose places are outlines, then whole images. */
export interface ObjectAudit {
  outlines: number;
  images: number;
  outlines_judged: number;
  images_judged: number;
  labels: number;
  candidates: number;
  found: number;
  kinds: LeftOfKind[];
}

/** What else there is of objects: the sample that each lies on, and its likeliest error. */
export interface ObjectColumns {
  sample: string[];
  kind: string[];
  iou: number[];
  confidence: number[];
}

/** One object in full, with its whole image. */
export interface ObjectInfo {
  row: number;
  id: string;
  label: number;
  prediction: number;
  current_label: string;
  iies: number;
  suspicion: number;
  probabilities: Probability[];
  filepath: string;
  split: string;
  tags: string[];
  in_view: boolean;
  votes: Vote[];
  image: string;
  width: number;
  height: number;
  problem: string;
  sample: string;
  kind: string;
  iou: number;
  confidence: number;
  box: [number, number, number, number] | null;
  seen: [number, number, number, number] | null;
  current_box: [number, number, number, number] | null;
  others: OtherLabel[];
}

/** Those whose samples are still in the dataset. */
export interface ObjectsReply {
  objects: ObjectInfo[];
}

/** The same for objects; ``shared``: each image comes once, with the first object on it. */
export interface ObjectsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  rows: number[];
  size: number;
  shared?: boolean | null;
}

/** The class that a person sees in the picture, or ``unclear``: nobody can tell. */
export interface OpinionAnswerRequest {
  run: string;
  opinion: string;
  place: number;
  label?: string | null;
  nothing?: boolean | null;
  unclear?: boolean;
}

/** Puts ``rows``, what is open of a ``cell``, or somebody's decisions, to a person. */
export interface OpinionAskRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  to: string;
  rows?: number[] | null;
  cell?: [number, number] | null;
  decisions_of?: string | null;
  n?: number | null;
}

/** One request for a second opinion; ``judged`` counts what no longer waits. */
export interface OpinionInfo {
  id: string;
  number: number;
  to: string;
  about: string;
  asked_by: string;
  asked_at: string;
  size: number;
  judged: number;
  waiting: number;
  unclear: number;
  gone: number;
  compared: number;
  agreed: number;
  kappa: number | null;
  low: number;
  high: number;
  disagreements: number;
  to_settle: number;
}

/** The next samples without an answer; ``skip`` are places passed over, ``size`` in pixels. */
export interface OpinionItemsRequest {
  run: string;
  opinion: string;
  skip: number[];
  limit: number;
  size: number;
}

/** A request for a second opinion by its id. */
export interface OpinionNamed {
  run: string;
  opinion: string;
}

/** One sample of a request, by its place. */
export interface OpinionPlaceRequest {
  run: string;
  opinion: string;
  place: number;
}

/** The last requests, the newest first; the names that are known. */
export interface OpinionsReply {
  opinions: OpinionInfo[];
  people: string[];
  decided: number[];
}

/** Where the picture is: ``filepath`` to be had from FiftyOne's server, or a data URL. */
export interface OriginalReply {
  row: number;
  filepath: string;
  image: string;
  problem: string;
}

/** A sample's picture in full resolution; ``decoded``: the browser could not show the file. */
export interface OriginalRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  row: number;
  decoded: boolean;
}

/** A label of an image: its box as left, top, width and height, from 0 to 1 of the image. */
export interface OtherLabel {
  id: string;
  label: string;
  box: [number, number, number, number] | null;
}

/** What changed outside of the run since it was made: samples, and labels on them. */
export interface OutdatedReply {
  added: number;
  deleted: number;
  relabelled: number;
  labels_added: number;
  labels_deleted: number;
}

/** The overview: all rows, and the cells of the first of them. */
export interface OverviewReply {
  revision: number;
  classes: string[] | null;
  rows: LabelColumns;
  cells: CellColumns;
  largest: number;
  progress: Progress;
}

/** ``labels``: whose cells are wanted at once, besides the first ones in the order. */
export interface OverviewRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  order: "count" | "errors";
  labels: number[];
  with_classes: boolean;
}

/** Pairs of rows with their SSIM, highest first, none below ``least``. */
export interface PairsReply {
  first: number[];
  second: number[];
  ses: number[];
  samples: SampleColumns;
  source: "duplicates" | "nearest";
  least: number;
}

/** The most similar pairs of a cell. */
export interface PairsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  label: number;
  prediction: number;
  limit: number;
}

/** The probability of one class. */
export interface Probability {
  label: number;
  p: number;
}

/** An error, said in words; ``detail`` says where the server's log has an unexpected one. */
export interface Problem {
  kind: "input" | "unexpected";
  message: string;
  detail: string;
}

/** How far the run is; ``decisions`` counts the standing ones by kind. */
export interface Progress {
  samples: number;
  open: number;
  open_wrong: number;
  wrong: number;
  decisions: Record<string, number>;
  expected_errors: number;
}

/** What tells an idle panel that something changed; ``iteration`` is the last one, 0 if none. */
export interface PulseReply {
  revision: number;
  iteration: number;
  worked_out: WorkedOut | null;
  jobs: Job[];
  ended: Ended[];
  problem: string | null;
}

/** The next rows; ``left`` counts the open ones in the view, ``outside`` those outside of it. */
export interface QueueReply {
  revision: number;
  rows: number[];
  left: number;
  outside: number;
  skipped: number[];
  deleted: number;
}

/** Open samples by suspicion, across cells or in one; ``skip`` are rows passed over. */
export interface QueueRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  cell: [number, number] | null;
  skip: number[];
  limit: number;
  front?: number | null;
  by?: "suspicion" | "confidence" | "importance" | "disagreement" | "cleanlab" | "both" | "votes" | null;
  above?: number | null;
  label?: number | null;
}

/** A number of samples: the best guess, and the 95 % interval. */
export interface Range {
  point: number;
  low: number;
  high: number;
}

/** Open samples, highest value first, column by column. */
export interface RankingReply {
  revision: number;
  rows: number[];
  ids: string[];
  samples: string[];
  labels: number[];
  predictions: number[];
  values: number[];
  total: number;
  open: number;
  outside: number;
  bars: number[];
  lowest: number;
  highest: number;
  available: Record<string, boolean>;
  operator: string;
}

/** A page of the open samples in the order of a score. */
export interface RankingRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  by: "suspicion" | "confidence" | "importance" | "disagreement" | "cleanlab" | "both" | "votes";
  above: number | null;
  label: number | null;
  offset: number;
  limit: number;
}

/** The last decisions that stand, the newest first; ``sheet`` has a thumbnail of each. */
export interface RecentReply {
  revision: number;
  decisions: Decided[];
  sheet: Sheet | null;
}

/** The run's report: a page of HTML, and what its file is called. */
export interface ReportReply {
  name: string;
  html: string;
}

/** A decision on objects; ``add`` is for those without a label. */
export interface ResolveObjectsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  action: "relabel" | "confirm" | "remove" | "add" | "move";
  rows: number[];
  label?: string | null;
  box?: [number, number, number, number] | null;
  expected_label?: string | null;
  expected_box?: [number, number, number, number] | null;
  seen?: number | null;
}

/** What was done; None for ``decision`` where nothing was. */
export interface ResolveReply {
  decision: string | null;
  action: string;
  applied: number;
  conflict_count: number;
  conflicts: Conflict[];
  what: Decided | null;
  left_out: Record<string, number>;
  revision: number;
}

/** A decision on rows, each of which must still have the label that the panel showed. */
export interface ResolveRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  action: "relabel" | "confirm" | "remove" | "tag";
  rows: number[] | null;
  label?: string | null;
  tag?: string | null;
  check?: string | null;
  seen?: number | null;
}

/** One run of the dataset; ``again`` is what the last iteration was made with, in JSON. */
export interface RunInfo {
  key: string;
  label_field: string;
  problem: string | null;
  again: string;
  worked_out: WorkedOut;
  iterations: IterationInfo[];
}

/** A run by its key. */
export interface RunRequest {
  run: string;
}

/** The ids of the rows asked for, in their order; the rows of those ids that the run holds. */
export interface SameReply {
  ids: string[];
  rows: number[];
}

/** Rows whose sample ids, and sample ids whose rows, are wanted; at most 2,000 of each. */
export interface SameRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  rows: number[];
  ids: string[];
}

/** Samples, column by column; ``in_view`` is false where FiftyOne's view leaves one out. */
export interface SampleColumns {
  row: number[];
  id: string[];
  label: number[];
  prediction: number[];
  iies: number[];
  suspicion: number[];
  in_view: boolean[];
  objects?: ObjectColumns;
}

/** One sample in full, with the first of the votes on it. */
export interface SampleInfo {
  row: number;
  id: string;
  label: number;
  prediction: number;
  current_label: string;
  iies: number;
  suspicion: number;
  probabilities: Probability[];
  filepath: string;
  split: string;
  tags: string[];
  in_view: boolean;
  votes: Vote[];
  image: string;
  width: number;
  height: number;
  problem: string;
}

/** Those that are still in the dataset. */
export interface SamplesReply {
  samples: SampleInfo[];
}

/** Samples in full, with a picture of at most ``size`` pixels. */
export interface SamplesRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  rows: number[];
  size: number;
}

/** Settles a disagreement: ``label`` is right; ``expected`` is what was shown as its label. */
export interface SettleRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  opinion: string;
  place: number;
  label: string;
  expected: string;
}

/** Thumbnails in one picture, a data URL, row by row. */
export interface Sheet {
  rows: number[];
  columns: number;
  edge: number;
  widths: number[];
  heights: number[];
  image: string;
}

/** How many samples the grid was asked to show. */
export interface ShowReply {
  samples: number;
}

/** The cell to show in FiftyOne's grid; None of both: all that the filter by votes leaves. */
export interface ShowRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  label: number | null;
  prediction: number | null;
}

/** What the dataset has; ``label_fields`` are the fields that a run can clean. */
export interface StatusReply {
  dataset: string | null;
  dataset_id: string;
  media_type: string;
  samples: number;
  label_fields: string[];
  runs: RunInfo[];
  jobs: Job[];
  ended: Ended[];
}

/** The most suspicious open samples in FiftyOne's view: ``row[i]`` lies in ``cell[i]``. */
export interface SuspectsReply {
  revision: number;
  cell: number[];
  row: number[];
}

/** The pictures of some cells of the overview, by ``CellColumns.cell``. */
export interface SuspectsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  cells: number[];
}

/** The stopping rule: at least ``share`` of all errors found, with ``confidence``. */
export interface Target {
  share: number;
  confidence: number;
  found: number;
  sure: number;
  likely: number | null;
  most_left: number;
  allowed_left: number;
  reached: boolean;
}

/** Sets the stopping target of the run; both in (0, 1). */
export interface TargetRequest {
  run: string;
  share: number;
  confidence: number;
}

/** What is in force now; the samples' fields follow in the background. */
export interface ThresholdReply {
  threshold: number;
  scope: "same_prediction" | "all";
  pairs: number;
}

/** Sets the threshold and, if given, the scope, from the pairs that are there. */
export interface ThresholdRequest {
  run: string;
  threshold: number;
  scope?: "same_prediction" | "all" | null;
}

/** For each step from the lowest threshold to 1: pairs with at least that SES. */
export interface ThresholdSteps {
  threshold: number[];
  pairs: number[];
}

/** Thumbnails of some rows, at most ``edge`` pixels wide and high. */
export interface ThumbnailsRequest {
  run: string;
  iteration: number;
  annotator?: string | null;
  said?: number | null;
  meant?: number | null;
  rows: number[];
  edge: number;
}

/** The decision to take back, None for the last one. */
export interface UndoRequest {
  run: string;
  decision: string | null;
  iteration?: number | null;
}

/** What one person said of a sample. */
export interface Vote {
  annotator: string;
  label: number;
}

/** What is worked out beside the iterations: each text changes when something of it does. */
export interface WorkedOut {
  maps: string;
  scores: string;
  duplicates: string;
  rounds: string;
}

/** Every event by name. */
export interface Events {
  status: { request: NoRequest; reply: StatusReply };
  pulse: { request: RunRequest; reply: PulseReply };
  overview: { request: OverviewRequest; reply: OverviewReply };
  cells: { request: CellsRequest; reply: CellsReply };
  suspects: { request: SuspectsRequest; reply: SuspectsReply };
  in_view: { request: IterationRequest; reply: InViewReply };
  outdated: { request: IterationRequest; reply: OutdatedReply };
  cell: { request: CellRequest; reply: CellReply };
  thumbnails: { request: ThumbnailsRequest; reply: Sheet };
  layout: { request: LayoutRequest; reply: LayoutReply };
  pairs: { request: PairsRequest; reply: PairsReply };
  samples: { request: SamplesRequest; reply: SamplesReply };
  objects: { request: ObjectsRequest; reply: ObjectsReply };
  original: { request: OriginalRequest; reply: OriginalReply };
  context: { request: ContextRequest; reply: ContextReply };
  queue: { request: QueueRequest; reply: QueueReply };
  image_queue: { request: ImageQueueRequest; reply: ImageQueueReply };
  resolve: { request: ResolveRequest; reply: ResolveReply };
  resolve_objects: { request: ResolveObjectsRequest; reply: ResolveReply };
  undo: { request: UndoRequest; reply: ResolveReply };
  recent: { request: IterationRequest; reply: RecentReply };
  duplicates: { request: DuplicatesRequest; reply: DuplicatesReply };
  difference: { request: DifferenceRequest; reply: DifferenceReply };
  resolve_group: { request: GroupRequest; reply: ResolveReply };
  set_threshold: { request: ThresholdRequest; reply: ThresholdReply };
  audit: { request: AuditNamed; reply: AuditReply };
  audit_draw: { request: AuditDrawRequest; reply: AuditReply };
  audit_items: { request: AuditItemsRequest; reply: AuditItemsReply };
  audit_original: { request: AuditOriginalRequest; reply: AuditOriginalReply };
  audit_verdict: { request: AuditVerdictRequest; reply: AuditVerdictReply };
  audit_outlines: { request: AuditItemsRequest; reply: AuditOutlinesReply };
  audit_judge: { request: AuditJudgeRequest; reply: AuditJudgedReply };
  audit_look: { request: AuditLookRequest; reply: AuditJudgedReply };
  audit_take_back: { request: AuditPlaceRequest; reply: AuditJudgedReply };
  audit_close: { request: AuditNamed; reply: AuditReply };
  set_target: { request: TargetRequest; reply: AuditReply };
  check_draw: { request: CheckDrawRequest; reply: CheckReply };
  check_read: { request: CheckReadRequest; reply: CheckBound };
  show_in_grid: { request: ShowRequest; reply: ShowReply };
  cancel: { request: RunRequest; reply: DoneReply };
  dismiss: { request: EndedRequest; reply: DoneReply };
  map: { request: MapRequest; reply: MapReply };
  same: { request: SameRequest; reply: SameReply };
  ranking: { request: RankingRequest; reply: RankingReply };
  history: { request: RunRequest; reply: HistoryReply };
  report: { request: RunRequest; reply: ReportReply };
  importance: { request: RunRequest; reply: ImportanceReply };
  annotators: { request: IterationRequest; reply: AnnotatorsReply };
  annotator: { request: AnnotatorRequest; reply: AnnotatorReply };
  consensus: { request: ConsensusRequest; reply: ConsensusReply };
  consensus_check: { request: ConsensusCheckRequest; reply: ConsensusCheckReply };
  consensus_accept: { request: ConsensusAcceptRequest; reply: ConsensusAcceptReply };
  opinions: { request: RunRequest; reply: OpinionsReply };
  opinion_ask: { request: OpinionAskRequest; reply: OpinionsReply };
  opinion_items: { request: OpinionItemsRequest; reply: AuditItemsReply };
  opinion_outlines: { request: OpinionItemsRequest; reply: AuditOutlinesReply };
  opinion_original: { request: OpinionPlaceRequest; reply: AuditOriginalReply };
  opinion_answer: { request: OpinionAnswerRequest; reply: AuditVerdictReply };
  opinion_take_back: { request: OpinionPlaceRequest; reply: DoneReply };
  disagreements: { request: DisagreementsRequest; reply: DisagreementsReply };
  settle: { request: SettleRequest; reply: ResolveReply };
}

export type EventName = keyof Events;
