/** The JetStream `err_code`s that Relight acts upon (nats-server `server/errors.json`). */
export const ApiErrorCode = {
  jetStreamNotEnabledForAccount: 10039,
  jetStreamNotEnabled: 10076,
  insufficientResources: 10023,
  noQuorumOrUnavailable: 10008,
  storageExceeded: 10047,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  streamRestoreFailed: 10062,
  snapshotFailed: 10064,
  subjectOverlap: 10065,
  replicasNotSupported: 10074,
  noPeers: 10005,
  nameExistsCannotRestore: 10130,
  streamOffline: 10118,
  consumerNotFound: 10014,
  badJson: 10025,
} as const;
