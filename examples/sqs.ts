/**
 * Jobs on a queue that has message attributes and delivers in batches, as AWS SQS does. With AWS's own SDK it takes
 * the place of OpenTelemetry's instrumentation: `OTEL_NODE_DISABLED_INSTRUMENTATIONS=aws-sdk`.
 */

import {
  consumeWithTrace,
  type MessageToConsume,
  publishWithTrace,
  withMessageContext,
} from '@acme/otel-sentry/propagators';

/** The three commands it takes, as `SQS` of `@aws-sdk/client-sqs` has them. */
export interface Sqs {
  sendMessage(input: {
    QueueUrl: string;
    MessageBody: string;
    MessageAttributes: Record<string, { DataType: 'String'; StringValue: string }>;
  }): Promise<{ MessageId?: string | undefined }>;
  receiveMessage(input: {
    QueueUrl: string;
    MaxNumberOfMessages: number;
    WaitTimeSeconds: number;
    MessageAttributeNames: string[];
    MessageSystemAttributeNames: ('ApproximateReceiveCount' | 'SentTimestamp')[];
  }): Promise<{ Messages?: SqsMessage[] | undefined }>;
  deleteMessage(input: { QueueUrl: string; ReceiptHandle: string | undefined }): Promise<unknown>;
}

export interface SqsMessage {
  readonly MessageId?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly Body?: string | undefined;
  readonly Attributes?: Readonly<Partial<Record<string, string>>> | undefined;
  readonly MessageAttributes?:
    | Readonly<Record<string, { readonly StringValue?: string | undefined }>>
    | undefined;
}

/** Of the ten attributes that a message may have, trace context takes five at most. */
export async function send(sqs: Sqs, queueUrl: string, body: string): Promise<void> {
  await publishWithTrace({ system: 'aws_sqs', destination: nameOf(queueUrl) }, (headers) =>
    sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: body, MessageAttributes: attributes(headers) }),
  );
}

/** Takes up to ten messages and handles each in its own trace. Those that fail stay in the queue. */
export async function receive(
  sqs: Sqs,
  queueUrl: string,
  handle: (body: string) => Promise<void>,
): Promise<void> {
  const { Messages: messages = [] } = await sqs.receiveMessage({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 20,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
  });
  const describe = (message: SqsMessage) => described(message, nameOf(queueUrl));
  await consumeWithTrace(messages.map(describe), () =>
    Promise.allSettled(
      messages.map(async (message) => {
        await withMessageContext(describe(message), () => handle(message.Body ?? ''));
        await sqs.deleteMessage({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle });
      }),
    ),
  );
}

function described(message: SqsMessage, destination: string): MessageToConsume {
  const { MessageId, Attributes = {}, MessageAttributes = {} } = message;
  const headers = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  return {
    system: 'aws_sqs',
    destination,
    id: MessageId,
    headers: Object.fromEntries(headers),
    sentAt: new Date(Number(Attributes.SentTimestamp)),
    retryCount: Number(Attributes.ApproximateReceiveCount) - 1,
  };
}

function attributes(headers: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(headers).map(([name, value]) => {
    return [name, { DataType: 'String' as const, StringValue: String(value) }];
  });
  return Object.fromEntries(entries);
}

function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}
