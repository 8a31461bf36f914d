/** The test process's own clients, which nothing instruments: they make messages and read what is on the wire. */

import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import {
  type Admin,
  type Consumer,
  type ConsumerConfig,
  type ITopicConfig,
  Kafka,
  logLevel,
  type Producer,
} from 'kafkajs';
import { createTopic } from '../../support/kafka-topic.ts';
import { brokers } from '../scenario.ts';

export interface KafkaClients {
  readonly producer: Producer;
  readonly admin: Admin;
  /** Creates a topic of one partition unless told; it is deleted at the file's end. */
  topic(name: string, config?: Omit<ITopicConfig, 'topic'>): Promise<string>;
  /** A consumer that is connected, in a group of its own unless told. */
  consumer(config?: Partial<ConsumerConfig>): Promise<Consumer>;
}

export interface Amqp {
  readonly connection: ChannelModel;
  readonly channel: Channel;
}

/** Connections are made when they are first asked for, and kept until `close`. */
export class Brokers {
  #kafka: Promise<KafkaClients> | undefined;
  #connection: Promise<ChannelModel> | undefined;
  readonly #ends: (() => Promise<void>)[] = [];

  kafka(): Promise<KafkaClients> {
    this.#kafka ??= this.#connectKafka();
    return this.#kafka;
  }

  async amqp(): Promise<Amqp> {
    this.#connection ??= this.#connectAmqp();
    const connection = await this.#connection;
    return { connection, channel: await connection.createChannel() };
  }

  /** The latest first. */
  async close(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
  }

  async #connectKafka(): Promise<KafkaClients> {
    const kafka = new Kafka({
      clientId: 'behaviours',
      brokers: [...brokers().kafkaBrokers],
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    const topics: string[] = [];
    this.#ends.push(async () => {
      if (topics.length > 0) await admin.deleteTopics({ topics });
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    });
    return {
      producer,
      admin,
      topic: async (name, config = {}) => {
        await createTopic(admin, { ...config, topic: name });
        topics.push(name);
        return name;
      },
      consumer: async (config = {}) => {
        const groupId = config.groupId ?? `behaviours-${crypto.randomUUID()}`;
        const consumer = kafka.consumer({
          maxWaitTimeInMs: 100,
          rebalanceTimeout: 5_000,
          ...config,
          groupId,
        });
        await consumer.connect();
        this.#ends.push(() => consumer.disconnect());
        return consumer;
      },
    };
  }

  async #connectAmqp(): Promise<ChannelModel> {
    const connection = await amqplib.connect(brokers().amqpUrl);
    connection.on('error', () => undefined); // who uses the connection sees it fail
    this.#ends.push(async () => await connection.close());
    return connection;
  }
}
