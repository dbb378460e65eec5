/** By this a consumer of a backup that reads message by message is known. */
export const captureConsumerDescription = "reads the stream for a backup by relight";

/** By this a consumer of a verification is known. */
export const verifyConsumerDescription = "reads one replica of the stream for relight cluster verify";

/**
 * A short-lived consumer that Relight made to read a stream: of this run, of another one that is at work beside it, or left for a
 * moment by one that was cut off. It belongs to no backup.
 */
export const isOwnConsumer = ({ description }: { readonly [key: string]: unknown }): boolean =>
  description === captureConsumerDescription || description === verifyConsumerDescription;
