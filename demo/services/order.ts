import type * as SentryNode from '@sentry/node';

/** What a customer orders, as it travels through the shop in JSON. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  /** In euros. */
  readonly amount: number;
  readonly coupon?: string;
  /** The service that is to fail over this order: the demo and the tests choose one. */
  readonly fail?: string;
  /** How often orders is to be too busy for it at first: each time it comes back a little later. */
  readonly busy?: number;
}

/** @throws {TypeError} where it is no order. */
export function parseOrder(value: unknown): Order {
  const { id, customer, amount, coupon, fail, busy } = (value ?? {}) as Partial<Record<keyof Order, unknown>>;
  if (typeof id !== 'string' || typeof customer !== 'string' || typeof amount !== 'number') {
    throw new TypeError('an order has an id, a customer and an amount');
  }
  return {
    id,
    customer,
    amount,
    ...(typeof coupon === 'string' && { coupon }),
    ...(typeof fail === 'string' && { fail }),
    ...(typeof busy === 'number' && { busy }),
  };
}

/** Final: another try would end the same. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
}

/** Another try, a little later, may go well. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
}

export function refuseOnDemand(service: string, order: Order): void {
  if (order.fail === service) throw new OrderRefused(`${service} refuses order ${order.id}`);
}

/** Says whose order this is: on the span, in both backends, and on whatever Sentry gets of this request or message. */
export function describeOrder(Sentry: typeof SentryNode, order: Order): void {
  Sentry.getActiveSpan()?.setAttribute('order.id', order.id);
  Sentry.setUser({ id: order.customer });
  Sentry.setTag('order.id', order.id);
  if (order.coupon !== undefined) Sentry.setTag('order.coupon', order.coupon);
  Sentry.addBreadcrumb({ category: 'order', message: `order ${order.id} came in` });
}
