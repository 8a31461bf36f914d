/**
 * Runs the behaviour tests of messages twice, with this package's preload and with OpenTelemetry's, and writes who
 * has which behaviour into docs/messaging.md. Ends with code 1 where ours lacks one.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEHAVIOURS } from '../test/e2e/behaviours/list.ts';
import { startBrokers } from '../test/support/brokers/index.ts';
import { type TestReport, type Verdict, verdicts } from './messaging-table/report.ts';
import { behavioursTable, withTable } from './messaging-table/table.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = join(ROOT, 'docs/messaging.md');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

async function run(
  instrumentation: 'ours' | 'contrib',
  env: NodeJS.ProcessEnv,
): Promise<Map<number, Verdict>> {
  const directory = mkdtempSync(join(tmpdir(), 'behaviours-'));
  const outputFile = join(directory, 'report.json');
  try {
    console.log(`Running the behaviours of ${instrumentation}`);
    // What contrib lacks is said in the table; what ours lack has to be seen.
    const reporters = instrumentation === 'ours' ? ['default', 'json'] : ['json'];
    const args = [
      ...['run', '--project', 'e2e', 'test/e2e/behaviours', '--outputFile.json', outputFile],
      ...reporters.flatMap((reporter) => ['--reporter', reporter]),
    ];
    const vitest = spawn(process.execPath, [VITEST, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env, BEHAVIOURS_OF: instrumentation },
      stdio: 'inherit',
    });
    // Its exit code says no more than the report: that some tests failed.
    await new Promise((resolve, reject) => vitest.once('error', reject).once('exit', resolve));
    return verdicts(JSON.parse(readFileSync(outputFile, 'utf8')) as TestReport); // vitest's own
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const brokers = await startBrokers();
try {
  const env = { AMQP_URL: brokers.amqpUrl, KAFKA_BROKERS: brokers.kafkaBrokers.join(',') };
  const contrib = await run('contrib', env);
  const ours = await run('ours', env);
  writeFileSync(
    DOCUMENT,
    withTable(readFileSync(DOCUMENT, 'utf8'), behavioursTable(BEHAVIOURS, { ours, contrib })),
  );
  if ([...ours.values()].some(({ failed }) => failed > 0)) process.exitCode = 1;
} finally {
  await brokers.stop();
}
