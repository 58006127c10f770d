import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { GATEWAY_URL, SERVER } from "./env";
import { test as base } from "./fixtures";

const BAD_GATEWAY = { type: "about:blank", title: "Bad Gateway", status: 502, code: "bad_gateway", detail: "Down" };

/** A frontend of the test's own, whose connection to the gateway, or to a service behind it, the test can cut. */
export class OwnSite {
  private link: Server | undefined;
  private linkPort = 0;
  private server: ChildProcess | undefined;
  /** The beginning of paths of a service that is away. */
  private lost: string | undefined;
  /** What requests whose path contains a text wait for. */
  private held: { text: string; until: Promise<undefined> } | undefined;
  url = "";
  /** How many requests to refresh tokens it has sent. */
  refreshes = 0;

  /** Start the server that `npm run build` made, with more settings. */
  async start(settings: Record<string, string> = {}) {
    await this.connectGateway();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const gateway = `http://127.0.0.1:${this.linkPort}`;
    this.server = spawn(process.execPath, [SERVER], {
      env: { NODE_ENV: "production", PORT: String(port), HOSTNAME: "127.0.0.1", GATEWAY_URL: gateway, ...settings },
      stdio: "ignore",
    });
    while (!(await this.responds())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async connectGateway() {
    this.link = createHttpServer((incoming, outgoing) => {
      void this.forward(incoming, outgoing);
    }).listen(this.linkPort, "127.0.0.1");
    await once(this.link, "listening");
    this.linkPort = (this.link.address() as AddressInfo).port;
  }

  async cutGateway() {
    const { link } = this;
    if (!link) return;
    this.link = undefined;
    const closed = once(link, "close");
    link.close();
    link.closeAllConnections();
    await closed;
  }

  /** Answer requests with these paths as the gateway does while their service is away; undefined ends that. */
  loseService(paths: string | undefined) {
    this.lost = paths;
  }

  /** Let requests to the gateway whose path contains the text wait until the returned function is called. */
  hold(text: string): () => void {
    const { promise: until, resolve } = Promise.withResolvers<undefined>();
    this.held = { text, until };
    return () => {
      this.held = undefined;
      resolve(undefined);
    };
  }

  async stop() {
    if (this.server?.exitCode === null) {
      const ended = once(this.server, "exit");
      this.server.kill();
      await ended;
    }
    await this.cutGateway();
  }

  private async forward(incoming: IncomingMessage, outgoing: ServerResponse) {
    const { method, headers, url = "/" } = incoming;
    if (this.held && url.includes(this.held.text)) await this.held.until;
    if (url === "/api/auth/refresh") this.refreshes += 1;
    if (this.lost && url.startsWith(this.lost)) {
      outgoing.writeHead(502, { "content-type": "application/problem+json" }).end(JSON.stringify(BAD_GATEWAY));
      return;
    }
    const sent = request(`${GATEWAY_URL}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on("error", () => outgoing.destroy());
    incoming.pipe(sent);
  }

  private async responds(): Promise<boolean> {
    if (this.server?.exitCode !== null) throw new Error(`${SERVER} has exited; run: npm run build`);
    try {
      return (await fetch(`${this.url}/health`)).ok;
    } catch {
      return false;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

export const test = base.extend<{ site: OwnSite }>({
  site: async ({}, provide) => {
    const site = new OwnSite();
    await site.start();
    await provide(site);
    await site.stop();
  },
  baseURL: async ({ site }, provide) => {
    await provide(site.url);
  },
});
