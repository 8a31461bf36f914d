export { type BrokerOptions, type Brokers, prepareBrokers, startBrokers } from './start-brokers.ts';
export { type Attempt, BrokersUnavailableError } from './unavailable.ts';
