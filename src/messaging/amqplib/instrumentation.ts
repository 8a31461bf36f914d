import {
  type InstrumentationConfig,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { MessagingInstrumentation, type Telemetry } from '../messaging-instrumentation.ts';
import { keepCallersContext } from './callback-context.ts';
import { patchEvents } from './channel-state.ts';
import type { CallbackModule, ChannelModule } from './client.ts';
import { connectionManagerDefinition } from './connection-manager.ts';
import { patchConsume } from './consume.ts';
import { patchGet, patchGetWithCallback } from './get.ts';
import { patchPublish } from './publish.ts';
import { patchConnect } from './server.ts';
import { patchSettlement } from './settlement.ts';

const VERSIONS = ['>=0.10.0 <3'];

/**
 * amqplib 0.10 to 2, its promise API and its callback API, and amqp-connection-manager on top of it. Patches stay
 * once they are made, and start nothing while the instrumentation is disabled.
 */
export class AmqplibInstrumentation extends MessagingInstrumentation {
  constructor(config: InstrumentationConfig = {}) {
    super('amqplib', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    const { telemetry } = this;
    const amqplib = new InstrumentationNodeModuleDefinition('amqplib', VERSIONS, undefined, undefined, [
      file('connect', (connect: object) => patchConnect(connect, telemetry)),
      file('channel_model', (model: ChannelModule) => {
        patchChannel(model, telemetry);
        patchGet(model, telemetry);
      }),
      file('callback_model', (model: CallbackModule) => {
        patchChannel(model, telemetry);
        patchGetWithCallback(model, telemetry);
        keepCallersContext(model, telemetry);
      }),
    ]);
    return [amqplib, connectionManagerDefinition(telemetry)];
  }
}

function patchChannel(model: ChannelModule, telemetry: Telemetry): void {
  patchPublish(model, telemetry);
  patchConsume(model, telemetry);
  patchSettlement(model);
  patchEvents(model);
}

/** A file of amqplib's, all CommonJS; imported by an ES module, its exports are the default one. */
function file<Exports extends object>(
  name: string,
  patch: (exports: Exports) => void,
): InstrumentationNodeModuleFile {
  return new InstrumentationNodeModuleFile(
    `amqplib/lib/${name}.js`,
    VERSIONS,
    (exports) => {
      patch(Reflect.get(exports, Symbol.toStringTag) === 'Module' ? exports.default : exports);
      return exports;
    },
    () => undefined,
  );
}
