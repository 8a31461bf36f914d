import {
  type InstrumentationConfig,
  InstrumentationNodeModuleDefinition,
} from '@opentelemetry/instrumentation';
import { patchMethod } from '../../patch-method.ts';
import { MessagingInstrumentation, type Telemetry } from '../messaging-instrumentation.ts';
import { describeClient } from './client.ts';
import { patchConsumer } from './consumer.ts';
import { patchProducer } from './producer.ts';

const VERSIONS = ['>=1.0.0 <3'];

/**
 * kafkajs 1 and 2, loaded by `require` or by `import`. Patches stay once they are made, and start nothing while the
 * instrumentation is disabled.
 */
export class KafkaJsInstrumentation extends MessagingInstrumentation {
  constructor(config: InstrumentationConfig = {}) {
    super('kafkajs', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const { telemetry } = this;
    const module = new InstrumentationNodeModuleDefinition('kafkajs', VERSIONS, (exports) => {
      patchKafka(exports.Kafka?.prototype, telemetry);
      return exports;
    });
    // 2.3 has been a beta for years, and is in use.
    return Object.assign(module, { includePrerelease: true });
  }
}

/** @param prototype of the class `Kafka`, which an ES module and a CommonJS module share. */
function patchKafka(prototype: unknown, telemetry: Telemetry): void {
  patchMethod(prototype, 'producer', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const producer = original.apply(this, args) as object; // by kafkajs's types
      patchProducer(producer, describeClient(producer, telemetry));
      return producer;
    };
  });
  patchMethod(prototype, 'consumer', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const consumer = original.apply(this, args) as object; // as above
      const [config] = args as [{ readonly groupId?: string }?]; // kafkajs has accepted it
      patchConsumer(consumer, describeClient(consumer, telemetry), config?.groupId);
      return consumer;
    };
  });
}
