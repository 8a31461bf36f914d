import { ImageName } from 'testcontainers';
import type { Engine } from './engine.ts';
import { buildLocalImage, hasLocalImage, LOCAL_PREFIX, localName } from './local-images.ts';
import { registryAnswers } from './registry.ts';
import type { Attempts } from './unavailable.ts';

/** An image the engine has. */
export interface Image {
  /** The name to give testcontainers, which puts the user's prefix, if any, before it. */
  readonly reference: string;
  readonly origin: 'public' | 'local';
}

/**
 * Sees to it that the engine has a broker's image: what it has already, else the public one, else one made here.
 * `TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX`, when set, says where it comes from; only one under our own prefix is made.
 *
 * @returns `undefined` when it is not to be had; why is among the attempts.
 */
export async function obtainImage(
  engine: Engine,
  image: string,
  attempts: Attempts,
  log: (line: string) => void,
): Promise<Image | undefined> {
  const prefix = process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX || undefined;
  const isOurPrefix = prefix === LOCAL_PREFIX;
  const asked = ImageName.fromString(image);
  const local: Image = { reference: isOurPrefix ? image : localName(image), origin: 'local' };

  if (await engine.image.exists(asked)) return isOurPrefix ? local : { reference: image, origin: 'public' };
  if (prefix === undefined && (await hasLocalImage(engine, image))) return local;

  if (!isOurPrefix) {
    try {
      await registryAnswers(engine, asked.string);
      log(`pulling ${asked.string}`);
      await engine.image.pull(asked);
      return { reference: image, origin: 'public' };
    } catch (error) {
      attempts.failed(`testcontainers with ${asked.string}`, error);
      if (prefix !== undefined) return undefined;
    }
  }

  try {
    await buildLocalImage(engine, image, log);
    return local;
  } catch (error) {
    attempts.failed(`making ${localName(image)} from packages`, error);
    return undefined;
  }
}
