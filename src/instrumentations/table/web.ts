/** Servers and web frameworks. */

import { loadChunk } from '../../chunks.ts';
import { type InstrumentationEntry, inLambda, type Situation, withAny } from '../entry.ts';

/** Not for an application that registers `@fastify/otel` itself: Fastify answers the second one with an error. */
const fastify = ({ packages }: Situation): boolean =>
  packages.has('fastify') && !packages.declares('@fastify/otel');

/** Express 5 runs on it, and its layers are Express's instrumentation's: with both, each would be two spans. */
const besideExpress = ({ packages }: Situation): boolean => packages.has('express');

export const WEB_INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  {
    name: 'aws-lambda',
    packageName: '@opentelemetry/instrumentation-aws-lambda',
    when: inLambda,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-aws-lambda')>(
        import.meta.url,
        '@opentelemetry/instrumentation-aws-lambda',
      ).AwsLambdaInstrumentation,
  },
  {
    name: 'connect',
    packageName: '@opentelemetry/instrumentation-connect',
    when: withAny('connect'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-connect')>(
        import.meta.url,
        '@opentelemetry/instrumentation-connect',
      ).ConnectInstrumentation,
  },
  {
    name: 'express',
    packageName: '@opentelemetry/instrumentation-express',
    when: withAny('express'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-express')>(
        import.meta.url,
        '@opentelemetry/instrumentation-express',
      ).ExpressInstrumentation,
  },
  {
    name: 'fastify',
    packageName: '@fastify/otel',
    when: fastify,
    defaults: { registerOnInitialization: true },
    load: () =>
      loadChunk<typeof import('@fastify/otel')>(import.meta.url, '@fastify/otel').FastifyOtelInstrumentation,
  },
  {
    name: 'graphql',
    packageName: '@opentelemetry/instrumentation-graphql',
    when: withAny('graphql'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-graphql')>(
        import.meta.url,
        '@opentelemetry/instrumentation-graphql',
      ).GraphQLInstrumentation,
  },
  {
    name: 'grpc',
    packageName: '@opentelemetry/instrumentation-grpc',
    when: withAny('@grpc/grpc-js'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-grpc')>(
        import.meta.url,
        '@opentelemetry/instrumentation-grpc',
      ).GrpcInstrumentation,
  },
  {
    name: 'hapi',
    packageName: '@opentelemetry/instrumentation-hapi',
    when: withAny('@hapi/hapi'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-hapi')>(
        import.meta.url,
        '@opentelemetry/instrumentation-hapi',
      ).HapiInstrumentation,
  },
  {
    name: 'koa',
    packageName: '@opentelemetry/instrumentation-koa',
    when: withAny('koa'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-koa')>(
        import.meta.url,
        '@opentelemetry/instrumentation-koa',
      ).KoaInstrumentation,
  },
  {
    name: 'nestjs-core',
    packageName: '@opentelemetry/instrumentation-nestjs-core',
    when: withAny('@nestjs/core'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-nestjs-core')>(
        import.meta.url,
        '@opentelemetry/instrumentation-nestjs-core',
      ).NestInstrumentation,
  },
  {
    name: 'restify',
    packageName: '@opentelemetry/instrumentation-restify',
    when: withAny('restify'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-restify')>(
        import.meta.url,
        '@opentelemetry/instrumentation-restify',
      ).RestifyInstrumentation,
  },
  {
    name: 'router',
    packageName: '@opentelemetry/instrumentation-router',
    when: withAny('router'),
    onlyWhenNamed: besideExpress,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-router')>(
        import.meta.url,
        '@opentelemetry/instrumentation-router',
      ).RouterInstrumentation,
  },
  {
    name: 'socket.io',
    packageName: '@opentelemetry/instrumentation-socket.io',
    when: withAny('socket.io'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-socket.io')>(
        import.meta.url,
        '@opentelemetry/instrumentation-socket.io',
      ).SocketIoInstrumentation,
  },
];
