import { DecodeError, type JsonObject, list, nonEmptyString, object, optionalString } from './json.ts';
import { type SinkMetric, serviceName } from './model.ts';
import { attributesOf, count, double, integer, type Origin, unixMilliseconds } from './otlp-values.ts';

const TYPES = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;

/** All data points of a metric. */
export function otlpMetric(raw: JsonObject, { source, resource }: Origin): SinkMetric[] {
  const name = optionalString(raw.name, 'name of a metric') ?? '';
  const what = `metric "${name}"`;
  const type = TYPES.find((candidate) => raw[candidate] !== undefined);
  if (type === undefined) throw new DecodeError(`${what} has no data of a known type`);
  const unit = nonEmptyString(raw.unit, `unit of ${what}`);
  return list(object(raw[type], type).dataPoints, `dataPoints of ${what}`).map((value) => {
    const point = object(value, `data point of ${what}`);
    return {
      source,
      name,
      type,
      unit,
      ...(type === 'gauge' || type === 'sum' ? numberPoint(point, what) : distributionPoint(point, what)),
      time: unixMilliseconds(point.timeUnixNano, `time of ${what}`),
      traceId: undefined,
      spanId: undefined,
      attributes: attributesOf(point.attributes, what),
      service: serviceName(resource),
      envelope: undefined,
      raw: point,
    };
  });
}

function numberPoint(point: JsonObject, what: string): Pick<SinkMetric, 'value' | 'count'> {
  const value =
    point.asInt === undefined
      ? double(point.asDouble, `value of ${what}`)
      : Number(integer(point.asInt, `value of ${what}`));
  return { value, count: 1 };
}

function distributionPoint(point: JsonObject, what: string): Pick<SinkMetric, 'value' | 'count'> {
  return {
    value: point.sum === undefined ? undefined : double(point.sum, `sum of ${what}`),
    count: count(point.count, `count of ${what}`),
  };
}
