import { context } from '@opentelemetry/api';
import { patchMethod } from '../../patch-method.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';
import type { CallbackModule } from './client.ts';

/**
 * Has the callbacks of amqplib's callback API called in the context of whoever gave them. amqplib calls them as it
 * reads the broker's frames, in the context of whatever opened the connection. Nearly all of them pass through
 * `sendOrEnqueue`, which keeps what is to be called with the broker's reply; opening a channel is such a call, too.
 */
export function keepCallersContext({ Channel, CallbackModel }: CallbackModule, telemetry: Telemetry): void {
  bindLast(Channel.prototype, 'sendOrEnqueue', telemetry);
  bindLast(Channel.prototype, 'closeBecause', telemetry);
  bindLast(CallbackModel.prototype, 'close', telemetry);
  bindLast(CallbackModel.prototype, 'updateSecret', telemetry);
}

function bindLast(target: object, method: string, telemetry: Telemetry): void {
  patchMethod(target, method, (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const callback = args.at(-1);
      if (typeof callback === 'function' && telemetry.isEnabled()) {
        args[args.length - 1] = context.bind(context.active(), callback);
      }
      return original.apply(this, args);
    };
  });
}
