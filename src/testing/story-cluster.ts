import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Session } from "../jetstream/session.ts";
import { LocalCluster } from "../local/local-cluster.ts";
import { openTestSession } from "./open-test-session.ts";

/** Where a failure story of clusters plays: three servers, a session on them, a directory; all gone when it is disposed. */
export class StoryCluster implements AsyncDisposable {
  readonly cluster: LocalCluster;
  readonly session: Session;
  readonly directory: string;

  private constructor(cluster: LocalCluster, session: Session, directory: string) {
    this.cluster = cluster;
    this.session = session;
    this.directory = directory;
  }

  static async start(version: string): Promise<StoryCluster> {
    const cluster = await LocalCluster.start({ version });
    const session = await openTestSession(cluster.url);
    return new StoryCluster(cluster, session, await mkdtemp(join(tmpdir(), "relight-story-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    await this.cluster.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
