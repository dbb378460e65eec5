import type { RestorePlan } from "./restore-plan.ts";

/** What a restore of one stream reports while it runs. */
export type StreamRestoreEvent =
  | { readonly kind: "checking"; readonly stream: string; readonly bytes: number; readonly totalBytes: number }
  | { readonly kind: "planned"; readonly plan: RestorePlan }
  | { readonly kind: "safety-backup"; readonly stream: string; readonly directory: string }
  | { readonly kind: "sending"; readonly stream: string; readonly bytes: number; readonly totalBytes: number }
  /** All bytes are there; the server makes the stream. */
  | { readonly kind: "finishing"; readonly stream: string }
  /** The stream is right on its leader; its other replicas are waited for. */
  | { readonly kind: "replicating"; readonly stream: string }
  | { readonly kind: "put-back"; readonly stream: string; readonly directory: string };
