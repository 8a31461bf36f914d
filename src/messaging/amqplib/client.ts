/** What is used of amqplib, versions 0.10 to 2. */

export interface AmqpMessage {
  readonly content: Buffer;
  readonly fields: {
    readonly exchange: string;
    readonly routingKey: string;
    readonly deliveryTag?: number;
    readonly redelivered?: boolean;
    /** Of returned messages. */
    readonly replyText?: string;
  };
  readonly properties: {
    readonly headers?: Readonly<Record<string, unknown>> | undefined;
    readonly messageId?: string | undefined;
    readonly correlationId?: string | undefined;
    readonly replyTo?: string | undefined;
    readonly timestamp?: number | undefined;
  };
}

export interface AmqpChannel {
  /** `frameMax`: in bytes, as agreed with the broker. */
  readonly connection: { readonly frameMax?: number };
}

/** `lib/channel_model.js` and `lib/callback_model.js`. */
export interface ChannelModule {
  readonly Channel: ChannelClass;
  /** Extends `Channel`; its `publish` calls the one of `Channel`. */
  readonly ConfirmChannel: ChannelClass;
}

/** `lib/callback_model.js`. */
export interface CallbackModule extends ChannelModule {
  readonly CallbackModel: ChannelClass;
}

interface ChannelClass {
  readonly prototype: object;
  new (connection: never): object;
}

/** Any method of the client, before it was patched. */
export type Original = (this: unknown, ...args: unknown[]) => unknown;
