/** True for an address on this machine: "127.0.0.1:4222", "[::1]:4222", "localhost:4222". */
export function isLoopback(server: string): boolean {
  const host = server.replace(/^[a-z]+:\/\//, "").replace(/:\d+$/, "");
  return /^127(\.\d+){3}$|^\[?::1\]?$|^localhost$/.test(host);
}
