/** What a backup of one stream reports while it runs. */
export type StreamBackupEvent =
  | {
      readonly kind: "progress";
      readonly stream: string;
      /** Bytes received, compressed. */
      readonly receivedBytes: number;
      /** Bytes verified, decompressed, and how many are expected; the stream's own size is the estimate. */
      readonly decodedBytes: number;
      readonly expectedBytes: number;
      readonly messages: number;
    }
  | { readonly kind: "started"; readonly stream: string; readonly messages: number; readonly bytes: number }
  | { readonly kind: "retry"; readonly stream: string; readonly attempt: number; readonly reason: string };
