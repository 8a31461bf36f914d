/** Written in by the build. */
declare const PACKAGE_VERSION: string | undefined;

/** This package's version, which instrumentation scopes carry; where the source runs unbuilt there is none. */
export const VERSION: string = typeof PACKAGE_VERSION === 'string' ? PACKAGE_VERSION : 'source';
