/** Databases, caches and what stands before them. */

import { loadChunk } from '../../chunks.ts';
import { type InstrumentationEntry, withAny } from '../entry.ts';

export const DATA_INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  {
    name: 'cassandra-driver',
    packageName: '@opentelemetry/instrumentation-cassandra-driver',
    when: withAny('cassandra-driver'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-cassandra-driver')>(
        import.meta.url,
        '@opentelemetry/instrumentation-cassandra-driver',
      ).CassandraDriverInstrumentation,
  },
  {
    name: 'dataloader',
    packageName: '@opentelemetry/instrumentation-dataloader',
    when: withAny('dataloader'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-dataloader')>(
        import.meta.url,
        '@opentelemetry/instrumentation-dataloader',
      ).DataloaderInstrumentation,
  },
  {
    name: 'generic-pool',
    packageName: '@opentelemetry/instrumentation-generic-pool',
    when: withAny('generic-pool'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-generic-pool')>(
        import.meta.url,
        '@opentelemetry/instrumentation-generic-pool',
      ).GenericPoolInstrumentation,
  },
  {
    name: 'ioredis',
    packageName: '@opentelemetry/instrumentation-ioredis',
    when: withAny('ioredis'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-ioredis')>(
        import.meta.url,
        '@opentelemetry/instrumentation-ioredis',
      ).IORedisInstrumentation,
  },
  {
    name: 'knex',
    packageName: '@opentelemetry/instrumentation-knex',
    when: withAny('knex'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-knex')>(
        import.meta.url,
        '@opentelemetry/instrumentation-knex',
      ).KnexInstrumentation,
  },
  {
    name: 'lru-memoizer',
    packageName: '@opentelemetry/instrumentation-lru-memoizer',
    when: withAny('lru-memoizer'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-lru-memoizer')>(
        import.meta.url,
        '@opentelemetry/instrumentation-lru-memoizer',
      ).LruMemoizerInstrumentation,
  },
  {
    name: 'memcached',
    packageName: '@opentelemetry/instrumentation-memcached',
    when: withAny('memcached'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-memcached')>(
        import.meta.url,
        '@opentelemetry/instrumentation-memcached',
      ).MemcachedInstrumentation,
  },
  {
    name: 'mongodb',
    packageName: '@opentelemetry/instrumentation-mongodb',
    when: withAny('mongodb'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-mongodb')>(
        import.meta.url,
        '@opentelemetry/instrumentation-mongodb',
      ).MongoDBInstrumentation,
  },
  {
    name: 'mongoose',
    packageName: '@opentelemetry/instrumentation-mongoose',
    when: withAny('mongoose'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-mongoose')>(
        import.meta.url,
        '@opentelemetry/instrumentation-mongoose',
      ).MongooseInstrumentation,
  },
  {
    name: 'mysql',
    packageName: '@opentelemetry/instrumentation-mysql',
    when: withAny('mysql'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-mysql')>(
        import.meta.url,
        '@opentelemetry/instrumentation-mysql',
      ).MySQLInstrumentation,
  },
  {
    name: 'mysql2',
    packageName: '@opentelemetry/instrumentation-mysql2',
    when: withAny('mysql2'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-mysql2')>(
        import.meta.url,
        '@opentelemetry/instrumentation-mysql2',
      ).MySQL2Instrumentation,
  },
  {
    name: 'oracledb',
    packageName: '@opentelemetry/instrumentation-oracledb',
    when: withAny('oracledb'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-oracledb')>(
        import.meta.url,
        '@opentelemetry/instrumentation-oracledb',
      ).OracleInstrumentation,
  },
  {
    name: 'pg',
    packageName: '@opentelemetry/instrumentation-pg',
    when: withAny('pg', 'pg-pool'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-pg')>(
        import.meta.url,
        '@opentelemetry/instrumentation-pg',
      ).PgInstrumentation,
  },
  {
    name: 'redis',
    packageName: '@opentelemetry/instrumentation-redis',
    when: withAny('redis', '@redis/client', '@node-redis/client'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-redis')>(
        import.meta.url,
        '@opentelemetry/instrumentation-redis',
      ).RedisInstrumentation,
  },
  {
    name: 'tedious',
    packageName: '@opentelemetry/instrumentation-tedious',
    when: withAny('tedious'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-tedious')>(
        import.meta.url,
        '@opentelemetry/instrumentation-tedious',
      ).TediousInstrumentation,
  },
];
