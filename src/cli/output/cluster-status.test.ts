import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clusterStatus } from "../../cluster/cluster-status.ts";
import { sketchPicture, sketchSample } from "../../testing/sketch-cluster.ts";
import { renderClusterStatus } from "./cluster-status.ts";

describe("the state of a cluster, for a person", () => {
  /** The first line, of servers that are in these clusters. */
  const headline = (clusters: readonly string[]): string | undefined => {
    const sample = sketchSample(["n1", "n2", "n3"], []);
    const servers = sample.servers.map((server, index) => ({ ...server, cluster: clusters[index] ?? "" }));
    const picture = sketchPicture({ ...sample, servers });
    return renderClusterStatus(clusterStatus(picture), picture, { all: false, color: false }).split("\n")[0];
  };

  it("names the cluster, and all that gateways join", () => {
    assert.equal(headline(["C", "C", "C"]), "ok    Cluster C, 0 streams");
    assert.equal(headline(["west", "east", "west"]), "ok    Clusters east and west, 0 streams");
    assert.equal(headline([]), "ok    Cluster, 0 streams");
  });
});
