export { prepare } from './prepare.ts';
export { type BrokerOptions, type Brokers, startBrokers } from './start-brokers.ts';
export { type Collector, startCollector } from './start-collector.ts';
export { type Attempt, BrokersUnavailableError, UnavailableError } from './unavailable.ts';
