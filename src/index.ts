/** The public surface of the library: it names what is public and defines nothing. It runs in Node and browsers. */
export type { BackendName } from './backend/backend.js';
export type { Arena, Precision } from './backend/memory.js';
export { type Edge, type PlannedLayer, type Planner, planEdge, planGradient } from './backend/plan.js';
export {
  ConfigError,
  DataError,
  FormatError,
  LonghandError,
  NumericError,
  ShapeError,
} from './core/errors.js';
export {
  type ChartBand,
  type ChartLine,
  type ChartMark,
  type LineChartOptions,
  lineChart,
} from './core/line-chart.js';
export type { Constraint, Regularizer } from './core/parameter.js';
export { type FloatArray, type Shape, type Tensor, tensor } from './core/tensor.js';
export type { CsvOptions, CsvType, CsvTypes } from './data/csv-columns.js';
export { readCsv } from './data/csv-read.js';
export { type CsvRow, type CsvSource, streamCsv } from './data/csv-stream.js';
export type { DecimalSign } from './data/csv-values.js';
export { type WriteCsvOptions, writeCsv } from './data/csv-write.js';
export { type AddingProblemOptions, addingProblem } from './data/datasets/adding-problem.js';
export {
  ADDITION_SYMBOLS,
  type AdditionAsTextOptions,
  type AdditionDataset,
  additionAsText,
} from './data/datasets/addition-as-text.js';
export { type AnbnDataset, type AnbnOptions, anbn } from './data/datasets/anbn.js';
export { type CopyTaskOptions, copyTask } from './data/datasets/copy-task.js';
export type { Dataset, DatasetOptions } from './data/datasets/dataset.js';
export {
  continualReber,
  embeddedReber,
  isEmbeddedReber,
  REBER_SYMBOLS,
  type ReberDataset,
} from './data/datasets/embedded-reber.js';
export { type MackeyGlassOptions, mackeyGlass } from './data/datasets/mackey-glass.js';
export { type ParityDataset, type ParityOptions, parity } from './data/datasets/parity.js';
export { type Purchase, type PurchaseLogOptions, purchaseLog } from './data/datasets/purchase-log.js';
export { type SineMixturesOptions, sineMixtures } from './data/datasets/sine-mixtures.js';
export {
  TEMPORAL_ORDER_SYMBOLS,
  type TemporalOrderOptions,
  temporalOrder,
} from './data/datasets/temporal-order.js';
export { type CategoryIds, type CategoryIdsOptions, categoryIds } from './data/encoders/category-ids.js';
export type { Categories, Category } from './data/encoders/category-list.js';
export {
  type ClassLabels,
  classLabels,
  type OneHotLabels,
  oneHotLabels,
  type StepLabels,
  stepLabels,
} from './data/encoders/class-labels.js';
export type { ClassProbability, Label, LabelOptions } from './data/encoders/classes.js';
export type { ColumnEncoder } from './data/encoders/column-encoder.js';
export { type Numeric, type NumericOptions, numeric } from './data/encoders/numeric.js';
export { type OneHot, type OneHotOptions, oneHot } from './data/encoders/one-hot.js';
export type { EventFeature, EventMap } from './data/event-features.js';
export type { EventLabel } from './data/event-labels.js';
export { type EventLog, type EventLogOptions, groupEvents } from './data/event-log.js';
export type { EventSequences, SequenceOptions } from './data/event-sequences.js';
export type { EntityId, EventPeriod } from './data/event-steps.js';
export { type IdxArray, readIdx } from './data/idx.js';
export { lastSteps } from './data/last-steps.js';
export { readPianoRolls } from './data/piano-roll.js';
export type { Missing, SampleInput } from './data/samples.js';
export * from './data/series.js';
export {
  pickRows,
  type RandomSplitOptions,
  type RowSplit,
  splitByGroup,
  splitByTime,
  stratifiedSplit,
  type TimeSplitOptions,
} from './data/splits.js';
export {
  type Cell,
  type Column,
  type ColumnInput,
  type ColumnType,
  type Table,
  type TableRow,
  table,
} from './data/table.js';
export {
  type ColumnEncoding,
  type EncoderInput,
  type TableEncoder,
  type TableEncoderOptions,
  tableEncoder,
} from './data/table-encoder.js';
export type { TextVectorizerOptions } from './data/text/text-options.js';
export { type TextVectorizer, textVectorizer } from './data/text/text-vectorizer.js';
export type { PunctuationHandling } from './data/text/tokens.js';
export { readTimeSeries, type TimeSeries } from './data/time-series-file.js';
export type { AnyTransform, Json, Transform, TransformJSON } from './data/transform.js';
export { registerTransform, restoreTransform } from './data/transforms.js';
export { activation } from './layers/activation.js';
export type { ActivationName, ElementwiseActivationName } from './layers/activations.js';
export {
  type ActivityRegularizationOptions,
  activityRegularization,
} from './layers/activity-regularization.js';
export {
  type AdditiveAttentionOptions,
  type AttentionOptions,
  additiveAttention,
  attention,
} from './layers/attention.js';
export { type AttentionPoolingOptions, attentionPooling1d } from './layers/attention-pooling.js';
export {
  type BatchNormalizationOptions,
  batchNormalization,
  type NormalizationOptions,
} from './layers/batch-normalization.js';
export { type BidirectionalOptions, bidirectional } from './layers/bidirectional.js';
export {
  type ConstraintName,
  maxNorm,
  minMaxNorm,
  nonNegative,
  unitNorm,
} from './layers/constraints.js';
export { type DenseOptions, dense } from './layers/dense.js';
export { dropout } from './layers/dropout.js';
export { type EmbeddingOptions, embedding } from './layers/embedding.js';
export { type Chrono, chrono, type ForgetBias } from './layers/forget-bias.js';
export { type GateRecurrenceLstmOptions, gateRecurrenceLstm } from './layers/gate-recurrence-lstm.js';
export {
  coupledLstm,
  noForgetGateLstm,
  noInputActivationLstm,
  noInputGateLstm,
  noOutputActivationLstm,
  noOutputGateLstm,
} from './layers/greff-lstms.js';
export { type GruOptions, gru } from './layers/gru.js';
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  type InitializerName,
  lecunNormal,
  lecunUniform,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  type SeedOption,
  truncatedNormal,
  zeros,
} from './layers/initializers.js';
export { type Input, type InputOptions, input } from './layers/input.js';
export {
  isTrainable,
  Layer,
  type LayerConfig,
  type LayerOptions,
  type LayerParameter,
  type SampleShape,
  type SymbolicOutput,
  type SymbolicTensor,
  type WeightRules,
} from './layers/layer.js';
export { type LayerNormLstmOptions, layerNormLstm } from './layers/layer-norm-lstm.js';
export { layerNormalization } from './layers/layer-normalization.js';
export { type LstmOptions, lstm } from './layers/lstm.js';
export type { LstmVariantOptions } from './layers/lstm-variant.js';
export { type MaskingOptions, masking } from './layers/masking.js';
export type { MergeMode } from './layers/merge-directions.js';
export { add, type ConcatenateOptions, concatenate, multiply } from './layers/merging.js';
export { gaussianNoise, spatialDropout1d } from './layers/noise.js';
export { type PeepholeLstmOptions, peepholeLstm } from './layers/peephole-lstm.js';
export { globalAveragePooling1d, globalMaxPooling1d } from './layers/pooling.js';
export { type ProjectedLstmOptions, projectedLstm } from './layers/projected-lstm.js';
export type { RecurrentOptions } from './layers/recurrent-options.js';
export { registerLayer } from './layers/registry.js';
export {
  l1,
  l1l2,
  l2,
  type RegularizerName,
} from './layers/regularizers.js';
export { flatten, repeatVector, reshape } from './layers/reshape.js';
export { simpleRnn } from './layers/simple-rnn.js';
export { timeDistributed } from './layers/time-distributed.js';
export { type ZoneoutLstmOptions, zoneoutLstm } from './layers/zoneout-lstm.js';
export type { ModelJSON } from './model/architecture.js';
export type { AttributeOptions } from './model/attribution.js';
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientCheck,
  type GradientError,
} from './model/check-gradients.js';
export { type CheckpointFrequency, type CheckpointOptions, checkpoint } from './model/checkpoint.js';
export { type CrossValidateOptions, type CrossValidation, crossValidate } from './model/cross-validate.js';
export type { EvaluateOptions, PredictOptions, WeightOptions } from './model/data-options.js';
export {
  type Beam,
  type BeamOptions,
  beamSearch,
  type DecodingStep,
  drawTokens,
  type GenerateOptions,
  generate,
  reshapeDistribution,
  type SamplingOptions,
  type StepFunction,
  streamSteps,
  type TokenState,
} from './model/decode.js';
export * from './model/forecasting.js';
export { type Functional, type InputPorts, type ModelDefinition, model } from './model/functional.js';
export type { BatchesOptions } from './model/given-rows.js';
export type { GradientReport, LayerReport } from './model/gradient-report.js';
export type { Model } from './model/model.js';
export { deserializeModel, type SaveOptions, serializeModel } from './model/model-file.js';
export { modelFromJSON } from './model/model-json.js';
export type {
  Batches,
  CompileOptions,
  FitBatchesOptions,
  FitOptions,
  ModelOptions,
  RowsOf,
} from './model/options.js';
export {
  deserializePipeline,
  type Pipeline,
  type PipelineFitOptions,
  type PipelineParts,
  type PipelineSaveOptions,
  pipeline,
  serializePipeline,
} from './model/pipeline.js';
export type { AnswerOf, RawOf, Transforms } from './model/pipeline-parts.js';
export type { AllOrSome, Each, Some, SymbolicPorts } from './model/ports.js';
export type { SamplesOptions, Spread } from './model/predictions.js';
export { type Preparation, readPreparation } from './model/preparation.js';
export {
  type QuantizationOptions,
  type QuantizationReport,
  quantizationReport,
} from './model/quantization-report.js';
export { type Choices, logUniform, randomSearch, type SearchResult, uniform } from './model/random-search.js';
export { type Sequential, sequential } from './model/sequential.js';
export type { WeightFormat } from './model/small-weights.js';
export type { Stream, StreamOptions, StreamState } from './model/stream.js';
export type { Trace } from './model/trace.js';
export type { TakeOptions, Weights, WeightsReport } from './model/weights.js';
export type { ClipOptions } from './training/around-update.js';
export { type EarlyStoppingOptions, earlyStopping } from './training/callbacks/early-stopping.js';
export { lambdaCallback } from './training/callbacks/lambda-callback.js';
export { learningRateScheduler } from './training/callbacks/learning-rate-scheduler.js';
export type { MonitorMode, MonitorOptions } from './training/callbacks/monitor.js';
export {
  type ReduceLROnPlateauOptions,
  reduceLROnPlateau,
} from './training/callbacks/reduce-lr-on-plateau.js';
export { terminateOnNaN } from './training/callbacks/terminate-on-nan.js';
export { type WeightAveragingOptions, weightAveraging } from './training/callbacks/weight-averaging.js';
export type { Callback, TrainedModel, Training } from './training/callbacks.js';
export type { Checkpoint } from './training/checkpoint.js';
export type { ClassWeight } from './training/class-weights.js';
export type { Several, Source } from './training/given-batches.js';
export type { History } from './training/history.js';
export {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  klDivergence,
  type LogitOptions,
  sparseCategoricalCrossentropy,
} from './training/losses/crossentropy.js';
export { type CtcOptions, ctc } from './training/losses/ctc.js';
export {
  binaryFocalCrossentropy,
  categoricalFocalCrossentropy,
  type FocalOptions,
} from './training/losses/focal.js';
export type { Loss, TargetKind } from './training/losses/loss.js';
export { categoricalHinge, hinge, squaredHinge } from './training/losses/margin.js';
export type { OwnLoss, OwnLossFunction } from './training/losses/own.js';
export {
  cosineSimilarity,
  type GaussianOptions,
  gaussianNegativeLogLikelihood,
  huber,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
  type PoissonOptions,
  poisson,
  type QuantileOptions,
  quantile,
} from './training/losses/regression.js';
export { type LossInput, type LossName, registerLoss } from './training/losses.js';
export {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  type ThresholdOptions,
  type TopKOptions,
  topKAccuracy,
} from './training/metrics/accuracy.js';
export { confusionMatrix } from './training/metrics/confusion-matrix.js';
export {
  type Average,
  type AverageOptions,
  cohenKappa,
  type DecisionOptions,
  f1,
  matthews,
  precision,
  recall,
  specificity,
} from './training/metrics/decisions.js';
export type { MetricFunction, MetricSpec } from './training/metrics/metric.js';
export type { OwnMetric } from './training/metrics/own.js';
export {
  brierScore,
  type CalibrationBin,
  type CalibrationOptions,
  calibrationCurve,
  expectedCalibrationError,
  logLoss,
  perplexity,
} from './training/metrics/probability.js';
export { auc, averagePrecision } from './training/metrics/ranked.js';
export {
  meanAbsoluteError as meanAbsoluteErrorMetric,
  meanAbsolutePercentageError,
  meanAbsoluteScaledError,
  meanSquaredError as meanSquaredErrorMetric,
  type QuantileLossOptions,
  quantileLoss,
  r2Score,
  rootMeanSquaredError,
  type ScaledErrorOptions,
  symmetricMeanAbsolutePercentageError,
} from './training/metrics/regression.js';
export type { Predictions, PredictionWeights } from './training/metrics/table.js';
export { type MetricInput, type MetricName, registerMetric } from './training/metrics.js';
export { type AdadeltaOptions, adadelta } from './training/optimizers/adadelta.js';
export { type AdagradOptions, adagrad } from './training/optimizers/adagrad.js';
export { type AdamOptions, adam, adamW } from './training/optimizers/adam.js';
export { type AdamaxOptions, adamax } from './training/optimizers/adamax.js';
export type { BetaOptions } from './training/optimizers/betas.js';
export { type LionOptions, lion } from './training/optimizers/lion.js';
export { type NadamOptions, nadam } from './training/optimizers/nadam.js';
export type {
  Optimizer,
  OptimizerName,
  OptimizerOptions,
} from './training/optimizers/optimizer.js';
export { type RadamOptions, radam } from './training/optimizers/radam.js';
export { type RmspropOptions, rmsprop } from './training/optimizers/rmsprop.js';
export { type SgdOptions, sgd } from './training/optimizers/sgd.js';
export type { Progress, Verbosity } from './training/progress.js';
export type { Logs } from './training/run.js';
export { cosineDecay, cosineDecayRestarts } from './training/schedules/cosine.js';
export {
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstant,
  polynomialDecay,
} from './training/schedules/decays.js';
export { oneCycle } from './training/schedules/one-cycle.js';
export type { Schedule, ScheduleName } from './training/schedules/schedule.js';
export { warmup } from './training/schedules/warmup.js';
export type { SampleWeightInput, TargetInput } from './training/targets.js';
