// Where a nats-server keeps what, below its store directory. Source: nats-server server/jetstream.go.

/** Holds a directory for each account. */
export const jetStreamDirectory = "jetstream";
/** In an account's directory: holds a directory for each stream. */
export const streamsDirectory = "streams";
/** In the system account's directory, whatever that account's name: the raft groups of a server in a cluster. */
export const raftDirectory = "_js_";
