import { describe, expect, it } from 'vitest';
import { deferredExport } from '../../src/deferred-export.ts';

class Exporter {
  static readonly kind = 'otlp';
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
}

function deferred() {
  let loads = 0;
  const load = () => {
    loads++;
    return { Exporter, Encoding: { single: 1 }, VERSION: '1' };
  };
  // As the importing code sees it.
  const Deferred = deferredExport(load, 'Exporter') as typeof Exporter;
  return { Deferred, load, loads: () => loads };
}

describe('an export whose chunk is loaded when it is first used', () => {
  it('is not loaded by being imported', () => expect(deferred().loads()).toBe(0));

  it('makes instances of the real class', () => {
    const { Deferred } = deferred();
    const exporter = new Deferred('http://localhost');
    expect(exporter).toBeInstanceOf(Exporter);
    expect(exporter).toBeInstanceOf(Deferred);
    expect(exporter.url).toBe('http://localhost');
  });

  it('can be extended', () => {
    const { Deferred } = deferred();
    class Own extends Deferred {}
    const own = new Own('x');
    expect(own).toBeInstanceOf(Own);
    expect(own).toBeInstanceOf(Exporter);
  });

  it('has the static members of a class and the members of an enum', () => {
    const { Deferred, load } = deferred();
    expect(Deferred.kind).toBe('otlp');
    expect(deferredExport(load, 'Encoding')).toHaveProperty('single', 1);
  });

  it('says so when it is neither', () => {
    const { load } = deferred();
    expect(() => Reflect.get(Object(deferredExport(load, 'VERSION')), 'length')).toThrow('VERSION');
  });
});
