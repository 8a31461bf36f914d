import { inject } from 'vitest';

// An end-to-end test without brokers fails; it is never skipped. That a whole file does can't be forgotten in a test.
const reason = inject('brokersUnavailable');
if (reason) throw new Error(reason);
