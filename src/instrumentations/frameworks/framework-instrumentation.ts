/** What the instrumentations of web frameworks share: how they report an error, and how they tell a route. */

import { context } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import { InstrumentationBase, type InstrumentationConfig } from '@opentelemetry/instrumentation';
import { ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions';

/** What is known of the request that failed. */
export interface RouteErrorInfo {
  /** As in Sentry's mechanism `auto.http.<framework>`. */
  readonly framework: string;
  /** The route's pattern, such as `/work/:id`; undefined where no route matched. */
  readonly route?: string | undefined;
  /** The request's method, in upper case. */
  readonly method?: string | undefined;
  /** The status that the error asks for; undefined where it asks for none, which frameworks answer with 500. */
  readonly status?: number | undefined;
}

/**
 * Gets every server error of a route, synchronously and in the request's context: the active span is the server span
 * or one below it. What it throws is logged by OpenTelemetry's `diag` and goes no further.
 * @returns Sentry's event id, where there is one; anything else is ignored.
 */
export type RouteErrorReporter = (error: unknown, info: RouteErrorInfo) => unknown;

export interface FrameworkInstrumentationConfig extends InstrumentationConfig {
  readonly onError: RouteErrorReporter;
}

/**
 * The base class. Its patches stay once they are made, and do nothing while the instrumentation is disabled.
 *
 * OpenTelemetry's own instrumentation of the framework may be there or not, before or after this one.
 */
export abstract class FrameworkInstrumentation extends InstrumentationBase<FrameworkInstrumentationConfig> {
  protected abstract readonly framework: string;

  constructor(name: string, config: FrameworkInstrumentationConfig) {
    // It makes no spans, so nobody ever sees the version of its scope.
    super(`@acme/otel-sentry/${name}`, '', config);
  }

  /**
   * Hands an error to `onError`. Never throws.
   * @returns Sentry's event id, where `onError` told one.
   */
  protected report(error: unknown, info: Omit<RouteErrorInfo, 'framework'>): string | undefined {
    try {
      const route = this.tellRoute(info.route);
      const eventId = this.getConfig().onError(error, { ...info, route, framework: this.framework });
      return typeof eventId === 'string' ? eventId : undefined;
    } catch (failure) {
      this._diag.error('an error of a route could not be reported', failure);
      return undefined;
    }
  }

  /**
   * Puts the route where OpenTelemetry's http instrumentation looks for it when it names the server span, unless
   * another instrumentation has told one.
   * @returns the route that is known now.
   */
  protected tellRoute(route: string | undefined): string | undefined {
    const metadata = getRPCMetadata(context.active());
    if (metadata?.type !== RPCType.HTTP) return route;
    if (metadata.route === undefined && route !== undefined) {
      metadata.route = route;
      metadata.span.setAttribute(ATTR_HTTP_ROUTE, route);
    }
    return metadata.route ?? route;
  }
}
