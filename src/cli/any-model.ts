/** Which kind of model that `longhand train` made a file holds. */
import { type EventsModel, isEventsModel, readEventsModel } from './events/predict.js';
import { isSeriesModel, readSeriesModel, type SeriesModel } from './series/forecasts.js';
import { readTableModel, type TableModel } from './table/model.js';

export type AnyModel = TableModel | SeriesModel | EventsModel;

/** @throws FormatError for a file that holds none of them */
export function readAnyModel(bytes: Uint8Array): AnyModel {
  if (isSeriesModel(bytes)) return readSeriesModel(bytes);
  return isEventsModel(bytes) ? readEventsModel(bytes) : readTableModel(bytes);
}
