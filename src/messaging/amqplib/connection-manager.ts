import { type Context, context } from '@opentelemetry/api';
import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { patchMethod } from '../../patch-method.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';

/** In the options of a publish: the context in which the application asked for it. */
export const ENQUEUED_IN = Symbol('acme.otel-sentry.enqueued-in');

const VERSIONS = ['>=4.0.0 <6'];

/**
 * amqp-connection-manager keeps messages while there is no connection and publishes them when there is one, from
 * wherever it noticed. It keeps a copy of their options, too, so these carry the context of the call.
 */
export function connectionManagerDefinition(telemetry: Telemetry): InstrumentationNodeModuleDefinition {
  const patch = (exports: { readonly default: { readonly prototype: object } }) => {
    carryContext(exports.default.prototype, 'publish', 3, telemetry);
    carryContext(exports.default.prototype, 'sendToQueue', 2, telemetry);
    return exports;
  };
  return new InstrumentationNodeModuleDefinition(
    'amqp-connection-manager',
    VERSIONS,
    undefined,
    undefined,
    ['cjs', 'esm'].map(
      (format) =>
        new InstrumentationNodeModuleFile(
          `amqp-connection-manager/dist/${format}/ChannelWrapper.js`,
          VERSIONS,
          patch,
          () => undefined,
        ),
    ),
  );
}

/** @param index of the options among the arguments. */
function carryContext(target: object, method: string, index: number, telemetry: Telemetry): void {
  patchMethod(target, method, (original) => {
    return function (this: unknown, ...args: unknown[]) {
      if (!telemetry.isEnabled()) return original.apply(this, args);
      const options = args[index] as { readonly [ENQUEUED_IN]?: Context } | undefined; // spread by its receiver, too
      return original.apply(
        this,
        Object.assign([...args], { [index]: { [ENQUEUED_IN]: context.active(), ...options } }),
      );
    };
  });
}
